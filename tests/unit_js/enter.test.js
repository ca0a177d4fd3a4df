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

test("Enter sends, and breaks no line", () => {
  assert.ok(press().prevented);
  assert.equal(sent, 1);
});

test("Enter with another key is left to the field", () => {
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

test("Enter that the browser reports as key 229 counts as during a composition", () => {
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

test("Enter during a Korean syllable breaks no line", () => {
  enter.compositionupdate({ data: "한" });
  press({ isComposing: true });
  const event = { inputType: "insertLineBreak", prevented: false, preventDefault: () => (event.prevented = true) };
  enter.beforeinput(event);
  assert.ok(event.prevented);
});

test("a syllable that ends because the person goes elsewhere sends nothing", () => {
  enter.compositionupdate({ data: "한" });
  press({ isComposing: true });
  enter.blur();
  enter.compositionend();
  mock.timers.tick(1);
  assert.equal(sent, 0);
});
