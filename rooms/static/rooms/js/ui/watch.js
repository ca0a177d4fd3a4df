// Draws an element again when one of the named things in the store has changed.
export class Watch {
  constructor(host, ...names) {
    this.host = host;
    this.names = new Set(names);
    host.addController(this);
  }

  hostConnected() {
    this.stop = this.host.chat.store.subscribe((what) => this.names.has(what) && this.host.requestUpdate());
  }

  hostDisconnected() {
    this.stop();
  }
}
