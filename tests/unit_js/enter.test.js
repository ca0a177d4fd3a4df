import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Enter } from "../../rooms/static/rooms/js/conversation/enter.js";

let enter, sent;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  sent = 0;
  enter = new Enter(() => sent++);
});

function press(fields = {}) {
  const event = { key: "Enter", prevented: false, preventDefault: () => (event.prevented = true), ...fields };
  enter.keydown(event);
  return event;
}

test("Enter sends and inserts no line break", () => {
  assert.ok(press().prevented);
  assert.equal(sent, 1);
});

test("Enter with a modifier is left to the field", () => {
  for (const key of ["shiftKey", "ctrlKey", "altKey", "metaKey"]) assert.ok(!press({ [key]: true }).prevented);
  assert.equal(sent, 0);
});

test("Enter during a Korean syllable sends once, after the syllable is in the field", () => {
  enter.compositionupdate({ data: "한" });
  press({ isComposing: true });
  assert.equal(sent, 0);
  enter.compositionend();
  assert.equal(sent, 0, "some browsers write the syllable only after this event");
  mock.timers.tick(1);
  assert.equal(sent, 1);
});

test("Enter reported as key 229 counts as part of a composition", () => {
  enter.compositionupdate({ data: "한" });
  press({ key: "Process", code: "Enter", keyCode: 229 });
  assert.equal(sent, 0);
  enter.compositionend();
  mock.timers.tick(1);
  assert.equal(sent, 1);
});

test("Enter that picks a Japanese or Chinese candidate does not send", () => {
  for (const data of ["にほんご", "中文", "zhong"]) {
    enter.compositionupdate({ data });
    press({ isComposing: true });
    enter.compositionend();
    mock.timers.tick(1);
  }
  assert.equal(sent, 0);
});

test("Enter during a Korean syllable inserts no line break", () => {
  enter.compositionupdate({ data: "한" });
  press({ isComposing: true });
  const event = { inputType: "insertLineBreak", prevented: false, preventDefault: () => (event.prevented = true) };
  enter.beforeinput(event);
  assert.ok(event.prevented);
});

test("a syllable that ends on blur sends nothing", () => {
  enter.compositionupdate({ data: "한" });
  press({ isComposing: true });
  enter.blur();
  enter.compositionend();
  mock.timers.tick(1);
  assert.equal(sent, 0);
});
