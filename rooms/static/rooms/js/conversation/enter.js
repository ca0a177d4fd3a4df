// @ts-check
// Handles Enter in a text field, including input methods.
//
// In Korean, Enter during the composition of a syllable ends the syllable and also counts as Enter. It must act only
// after the syllable is in the field, and must not be needed a second time. In Japanese and Chinese the same key
// only picks a candidate and does not count.
const HANGUL = /^[\p{Script=Hangul}]+$/u;

export class Enter {
  /** Calls action() when the field's text is complete. */
  constructor(action) {
    this.action = action;
    this.composing = "";
    this.owed = false;
  }

  keydown(event) {
    if (event.key !== "Enter" && event.code !== "Enter" && event.code !== "NumpadEnter") return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.isComposing || event.keyCode === 229) {
      this.owed = HANGUL.test(this.composing);
      return;
    }
    event.preventDefault();
    this.action();
  }

  compositionupdate(event) {
    this.composing = event.data;
  }

  compositionend() {
    this.composing = "";
    if (!this.owed) return;
    // Some browsers insert the syllable only after this event.
    setTimeout(() => {
      if (!this.owed) return;
      this.owed = false;
      this.action();
    });
  }

  /** Keeps the same Enter from inserting a line break. */
  beforeinput(event) {
    if (this.owed && (event.inputType === "insertLineBreak" || event.inputType === "insertParagraph")) event.preventDefault();
  }

  blur() {
    this.owed = false;
  }
}

/** Makes a text field as tall as its text. The stylesheet sets the limit. */
export function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}
