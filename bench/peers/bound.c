/* The upper bound for this machine: a chat that only writes to sockets, without Redis.
 *
 *   bound PORT joined|each      joined: one write for everything received in one turn of the loop
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 20000, ROOMS = 2000, READ_SIZE = 1 << 16, TURN = 1 << 20 };

/* The only key that bench/load.c sends, and the accept value for it (RFC 6455, 1.3). */
static const char ANSWER[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

typedef struct {
    char path[200];
    int count, sockets[SOCKETS];
    char *turn; /* frames of this turn of the loop */
    size_t size;
} Room;

typedef struct {
    Room *room;
    char *in, *out;
    size_t in_size, out_size;
} Socket;

static Room *rooms[ROOMS];
static int room_count, poller;
static Socket sockets[SOCKETS];
static bool joined;

static void end(int socket) {
    Room *room = sockets[socket].room;
    for (int i = 0; room && i < room->count; i++)
        if (room->sockets[i] == socket) {
            room->sockets[i] = room->sockets[--room->count];
            break;
        }
    free(sockets[socket].in);
    free(sockets[socket].out);
    sockets[socket] = (Socket){0};
    close(socket);
}

static void put(int socket, const char *at, size_t size) {
    Socket *to = sockets + socket;
    ssize_t written = to->out_size ? 0 : send(socket, at, size, MSG_NOSIGNAL);
    if (written < 0) {
        if (errno != EAGAIN) return;
        written = 0;
    }
    if ((size_t)written == size) return;
    to->out = realloc(to->out, to->out_size + size - written);
    memcpy(to->out + to->out_size, at + written, size - written);
    to->out_size += size - written;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.fd = socket};
    epoll_ctl(poller, EPOLL_CTL_MOD, socket, &event);
}

static void put_rest(int socket) {
    Socket rest = sockets[socket];
    sockets[socket].out = NULL;
    sockets[socket].out_size = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    epoll_ctl(poller, EPOLL_CTL_MOD, socket, &event);
    put(socket, rest.out, rest.out_size);
    free(rest.out);
}

static void flush(Room *room) {
    for (int i = 0; i < room->count; i++) put(room->sockets[i], room->turn, room->size);
    room->size = 0;
}

static void fan_out(Room *room, const unsigned char *text, size_t size) {
    if (room->size + size + 4 > TURN) flush(room);
    unsigned char *at = (unsigned char *)room->turn + room->size;
    *at++ = 0x81;
    if (size < 126) {
        *at++ = size;
    } else {
        *at++ = 126;
        *at++ = size >> 8;
        *at++ = size & 255;
    }
    memcpy(at, text, size);
    room->size = (char *)at + size - room->turn;
    if (!joined) flush(room);
}

static void enter(int socket, const char *request) {
    char path[200] = "";
    sscanf(request, "GET %199s", path);
    int i = 0;
    while (i < room_count && strcmp(rooms[i]->path, path)) i++;
    if (i == room_count) {
        if (i == ROOMS) exit(1);
        rooms[room_count++] = calloc(1, sizeof(Room));
        strcpy(rooms[i]->path, path);
        rooms[i]->turn = malloc(TURN);
    }
    sockets[socket].room = rooms[i];
    rooms[i]->sockets[rooms[i]->count++] = socket;
    put(socket, ANSWER, sizeof ANSWER - 1);
}

/* Reads one frame from a client, always masked; returns where the next one begins. */
static char *take_frame(int socket, char *at, char *stop) {
    unsigned char *head = (unsigned char *)at;
    if (stop - at < 2) return at;
    size_t size = head[1] & 127, before = 6;
    if (size == 127) exit(1);
    if (size == 126) {
        if (stop - at < 4) return at;
        size = head[2] << 8 | head[3];
        before = 8;
    }
    if ((size_t)(stop - at) < before + size) return at;
    unsigned char *mask = head + before - 4, *text = head + before;
    for (size_t i = 0; i < size; i++) text[i] ^= mask[i % 4];
    if ((head[0] & 15) == 1) fan_out(sockets[socket].room, text, size);
    return at + before + size;
}

static void take(int socket) {
    Socket *from = sockets + socket;
    if (!from->in) from->in = malloc(READ_SIZE);
    ssize_t size = recv(socket, from->in + from->in_size, READ_SIZE - from->in_size, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        end(socket);
        return;
    }
    from->in_size += size;
    char *at = from->in, *stop = at + from->in_size;
    if (!from->room) {
        char *after = memmem(at, stop - at, "\r\n\r\n", 4);
        if (!after) return;
        enter(socket, at);
        at = after + 4;
    }
    for (char *next; (next = take_frame(socket, at, stop)) != at;) at = next;
    from->in_size = stop - at;
    memmove(from->in, at, from->in_size);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    joined = !strcmp(words[2], "joined");
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return 1;
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int socket = events[i].data.fd;
            if (socket == listener) {
                socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (socket < 0) continue;
                if (socket >= SOCKETS) return 1;
                setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
                event = (struct epoll_event){.events = EPOLLIN, .data.fd = socket};
                epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
                continue;
            }
            if (events[i].events & EPOLLOUT) put_rest(socket);
            if (events[i].events & ~EPOLLOUT) take(socket);
        }
        for (int i = 0; joined && i < room_count; i++)
            if (rooms[i]->size) flush(rooms[i]);
    }
}
