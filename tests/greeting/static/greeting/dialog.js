// @ts-check
import { ChatDialog } from "../rooms/js/ui/dialog.js";
import { html } from "../rooms/vendor/lit.js";

class GreetingDialog extends ChatDialog {
  async show(title) {
    this.title_ = title;
    await super.show();
  }

  render() {
    return this.frame(this.title_, html`<p>Nice to see you, ${this.chat.me.name}.</p>`);
  }
}

customElements.define("greeting-dialog", GreetingDialog);
