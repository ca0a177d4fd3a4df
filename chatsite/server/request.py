"""An HTTP request that rejects a large body before it fills the memory."""

from typing import Any

from daphne.http_protocol import WebRequest

from chatsite.server.bounds import MAX_HTTP_BODY


class ChatRequest(WebRequest):
    refused = False

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if length is not None and length > MAX_HTTP_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        if not self.refused and self.content.tell() + len(data) > MAX_HTTP_BODY:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        return None if self.refused else super().process()

    def _refuse(self) -> None:
        self.refused = True
        self.channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        self.channel.loseConnection()
