// @ts-check
// Enter in a text field, correct with input methods.
//
// In Korean, Enter while a syllable is being composed ends the syllable and is also meant as Enter: it must not act before the
// syllable is in the field, and must not be needed a second time. In Japanese and Chinese the same key only
// picks a candidate and is not meant for us.
const HANGUL = /^[\p{Script=Hangul}]+$/u;

export class Enter {
  /** action() is called with the field's text complete. */
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
    // Some browsers write the syllable only after this event.
    setTimeout(() => {
      if (!this.owed) return;
      this.owed = false;
      this.action();
    });
  }

  /** The same Enter would also break the line. */
  beforeinput(event) {
    if (this.owed && (event.inputType === "insertLineBreak" || event.inputType === "insertParagraph")) event.preventDefault();
  }

  blur() {
    this.owed = false;
  }
}

/** Makes a text field as high as its text; the stylesheet sets the limit. */
export function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}
