/* Runs many WebSocket clients in one thread and records what they send and receive, and when.
 *
 *   load < plan          bench/workloads.py writes the plan; the output is one line of JSON
 *
 * It checks every stream for gaps, duplicates and order: by the room's version if the server
 * speaks docs/protocol.md, otherwise by a number that each sender puts into its messages. To keep up
 * with a million deliveries a second, it does not parse a frame again if another client of the room
 * got the same bytes at the same position.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 18 };      /* bytes read at once */
enum { MAX_CONNECTING = 32 };      /* concurrent handshakes, except in a storm */
enum { RING = 4096 };              /* frames kept per room, by version */
enum { MAX_TIMES = 256 };          /* messages in one frame */
enum { BODY = 100 };               /* bytes of a message */
enum { HISTOGRAM = 64 * 128 };
static const int64_t SECOND = 1000000000;
static const int64_t GIVE_UP = 60; /* seconds to connect */
static const int64_t STALLED = 5;  /* seconds until messages in flight are given up */
static const int64_t QUIET = 3;    /* seconds without a message that end the run */
static const int64_t HEARTBEAT = 20;

/* The example key of RFC 6455. It need not be random here. */
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

typedef struct { const char *at, *end; } Span;
typedef struct { uint32_t from, to; } Hole; /* from <= missing < to */
typedef struct { uint32_t next; int hole_count; Hole *holes; } Stream;
typedef struct { char *at; size_t size, room; } Buffer;
typedef struct { int sender; uint32_t number; int64_t sent; } Mark;

typedef struct {
    uint32_t from, to; /* versions */
    size_t size;
    char *bytes;
    int count;
    Mark *marks; /* of its messages, in order */
} Frame;

typedef struct {
    char *name;
    int64_t id;             /* if the name is a number */
    int senders, *of;       /* clients that send, by index */
    Frame *ring;            /* the last frames read, by version */
    uint32_t acked_version; /* the newest version acked to anybody */
    uint32_t read;          /* the version up to which frames were read without gaps */
    Stream *said;           /* by place: the messages of each sender */
} Room;

typedef enum { WAITING, CONNECTING, SHAKING, OPENING, READY, GONE } State;

typedef struct {
    int fd, room, place; /* place: which of its room's senders, or -1 */
    State state;
    char *cookie;
    Buffer in, out;
    Stream version;   /* with docs/protocol.md */
    Stream *by_place; /* without: one for each sender */
    uint32_t sent, acked, seen, forgiven;
    int64_t progress;
} Client;

typedef enum { CHAT, PLAIN, SOCKETIO } Protocol;
typedef enum { CLOSED, PACED, IDLE, STORM } Mode;

static Protocol protocol;
static Mode mode;
static int ports[8], port_count = 0, in_flight = 4, first = 100;
static double rate = 20, seconds = 3, warmup = 1;
static char path[200] = "/";
static int servers[8], server_count, redis;
static Client *clients;
static int client_count, room_count;
static Room *rooms;
static int *senders, sender_count;

static int poller;
static char *buffer;
static bool sending, measuring;
static int ready, connecting, gone, refused;
static int64_t run, last_message;
static uint64_t delivered, acked, errors, doubled, reordered, lost, stalls, frames, bytes;
static uint64_t histogram[HISTOGRAM];

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void *grow(void *old, size_t count, size_t size) {
    void *new = reallocarray(old, count, size);
    if (!new) fail("no memory");
    return new;
}

static void *zeros(size_t count, size_t size) {
    void *new = calloc(count, size);
    if (!new) fail("no memory");
    return new;
}

static void append(Buffer *to, const void *from, size_t size) {
    if (to->size + size > to->room) {
        to->room = (to->size + size) * 2;
        to->at = grow(to->at, to->room, 1);
    }
    memcpy(to->at + to->size, from, size);
    to->size += size;
}

/* Latencies: 128 steps for each power of two, in microseconds */

static int bucket(uint64_t value) {
    if (value < 128) return value;
    int power = 63 - __builtin_clzll(value);
    return (power - 6) * 128 + (int)((value >> (power - 7)) - 128);
}

static double percentile(double part) {
    uint64_t total = 0, below = 0;
    for (int i = 0; i < HISTOGRAM; i++) total += histogram[i];
    for (int i = 0; i < HISTOGRAM; i++) {
        below += histogram[i];
        if (below && below >= part * total) {
            double micros = i < 128 ? i : (double)((uint64_t)(i % 128 + 128) << (i / 128 - 1));
            return micros / 1000;
        }
    }
    return 0;
}

/* Streams: consecutive numbers, starting at `next` */

static bool see(Stream *stream, uint32_t number) {
    if (number == stream->next) {
        stream->next++;
        return true;
    }
    if (number > stream->next) {
        stream->holes = grow(stream->holes, stream->hole_count + 1, sizeof(Hole));
        stream->holes[stream->hole_count++] = (Hole){stream->next, number};
        stream->next = number + 1;
        return true;
    }
    for (int i = 0; i < stream->hole_count; i++) {
        Hole hole = stream->holes[i];
        if (number < hole.from || number >= hole.to) continue;
        stream->holes[i].to = number;
        stream->holes = grow(stream->holes, stream->hole_count + 1, sizeof(Hole));
        stream->holes[stream->hole_count++] = (Hole){number + 1, hole.to};
        reordered++;
        return true;
    }
    doubled++;
    return false;
}

static uint64_t missing(const Stream *stream, uint32_t end) {
    uint64_t count = end > stream->next ? end - stream->next : 0;
    for (int i = 0; i < stream->hole_count; i++)
        count += stream->holes[i].to - stream->holes[i].from;
    return count;
}

/* JSON: iterating over the members of an object in valid text */

static const char *after_string(const char *at, const char *end) {
    for (at++; at < end; at++) {
        at = memchr(at, '"', end - at);
        if (!at) break;
        int slashes = 0;
        while (at[-1 - slashes] == '\\') slashes++;
        if (slashes % 2 == 0) return at + 1;
    }
    fail("an open string in a frame");
    return NULL;
}

static const char *after_value(const char *at, const char *end) {
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = after_string(at, end);
            if (!depth) return at;
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        else if (*at == '}' || *at == ']') {
            if (!depth) return at;
            depth--;
            if (!depth) return at + 1;
        } else if (!depth && *at == ',') return at;
        at++;
    }
    return at;
}

static const char *after_space(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n,:", *at)) at++;
    return at;
}

/* The next member of the object, or element of the array (with an empty key), in `rest`. */
static bool next_member(Span *rest, Span *key, Span *value) {
    const char *at = after_space(rest->at, rest->end);
    if (at >= rest->end || *at == '}' || *at == ']') return false;
    *key = (Span){at, at};
    const char *end = after_value(at, rest->end);
    if (*at == '"') {
        const char *colon = end;
        while (colon < rest->end && *colon == ' ') colon++;
        if (colon < rest->end && *colon == ':') {
            *key = (Span){at + 1, end - 1};
            at = after_space(colon, rest->end);
            end = after_value(at, rest->end);
        }
    }
    *value = (Span){at, end};
    rest->at = end;
    return true;
}

static Span inside(Span value) { return (Span){value.at + 1, value.end}; }

static bool is(Span span, const char *text) {
    size_t size = strlen(text);
    return (size_t)(span.end - span.at) == size && !memcmp(span.at, text, size);
}

static int64_t number(Span value) { return strtoll(value.at, NULL, 10); }

/* Bodies: "Bench SSSS NNNNNNNN TTTTTTTTTTTTTTTT and some words" */

static const char WORDS[] = " the quick brown fox jumps over the lazy dog and then goes home again";
enum { MARK = 6 + 5 + 9 + 16 };

static void write_body(char *to, Mark mark) {
    char text[BODY + 100];
    snprintf(text, sizeof text, "Bench %04x %08x %016lx%s", mark.sender, mark.number, mark.sent, WORDS);
    memcpy(to, text, BODY);
}

static uint64_t hex(const char *at, int digits) {
    uint64_t value = 0;
    for (int i = 0; i < digits; i++)
        value = value << 4 | (at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
    return value;
}

static bool read_body(Span text, Mark *mark) {
    const char *at = memmem(text.at, text.end - text.at, "Bench ", 6);
    if (!at || text.end - at < MARK) return false;
    *mark = (Mark){hex(at + 6, 4), hex(at + 11, 8), hex(at + 20, 16)};
    return mark->sender < sender_count;
}

/* Out */

static void watch(Client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = client - clients};
    epoll_ctl(poller, operation, client->fd, &event);
}

static void leave(Client *client) {
    if (client->state == GONE) return;
    if (client->state == READY) ready--;
    else connecting--;
    if (client->state != READY) refused++;
    client->state = GONE;
    gone++;
    close(client->fd);
}

static void write_out(Client *client, const char *at, size_t size) {
    if (client->out.size) {
        append(&client->out, at, size);
        return;
    }
    ssize_t written = send(client->fd, at, size, MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN) {
        leave(client);
        return;
    }
    if (written < 0) written = 0;
    if ((size_t)written < size) {
        append(&client->out, at + written, size - written);
        watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
}

static void write_rest(Client *client) {
    Buffer rest = client->out;
    client->out = (Buffer){0};
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
    write_out(client, rest.at, rest.size);
    free(rest.at);
}

static void write_frame(Client *client, int opcode, const char *payload, size_t size) {
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    char frame[1024];
    size_t head = 2;
    if (size > sizeof frame - 8) fail("a frame that is too long");
    frame[0] = 0x80 | opcode;
    if (size < 126) {
        frame[1] = 0x80 | size;
    } else {
        frame[1] = (char)(0x80 | 126);
        frame[2] = size >> 8;
        frame[3] = size & 255;
        head = 4;
    }
    memcpy(frame + head, mask, 4);
    for (size_t i = 0; i < size; i++) frame[head + 4 + i] = payload[i] ^ mask[i % 4];
    write_out(client, frame, head + 4 + size);
}

static void write_text(Client *client, const char *format, ...) {
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_frame(client, 1, text, size);
}

static void say(Client *client, int64_t at) {
    char body[BODY + 1] = {0};
    Room *room = rooms + client->room;
    int sender = room->of[client->place];
    write_body(body, (Mark){sender, client->sent, at});
    if (protocol == CHAT)
        write_text(client,
                   "{\"type\":\"send\",\"ref\":%u,\"room\":%ld,"
                   "\"cid\":\"%08x-%04x-4000-8000-%012lx\",\"body\":\"%s\"}",
                   client->sent, room->id, client->sent, sender, run & 0xffffffffffff, body);
    else if (protocol == PLAIN)
        write_text(client, "{\"message\":\"%s\"}", body);
    else
        write_text(client, "42[\"message\",{\"message\":\"%s\"}]", body);
    client->sent++;
    if (client->sent == 1) client->progress = now();
}

/* The number of messages that are not both acked and seen by their sender. */
static int waits_for(Client *client) {
    uint32_t done = protocol != CHAT || client->seen < client->acked ? client->seen : client->acked;
    return (int)(client->sent - client->forgiven - done);
}

static void say_more(Client *client) {
    while (sending && mode == CLOSED && client->state == READY && waits_for(client) < in_flight)
        say(client, now());
}

/* In */

static void delivered_now(Client *client, Mark mark, int64_t at) {
    last_message = at;
    if (client->place >= 0 && rooms[client->room].of[client->place] == mark.sender) {
        client->seen++;
        client->progress = at;
    }
    if (!measuring) return;
    delivered++;
    int64_t micros = (at - mark.sent) / 1000;
    int place = bucket(micros < 0 ? 0 : micros);
    histogram[place < HISTOGRAM ? place : HISTOGRAM - 1]++;
}

static void enter(Client *client) {
    client->state = READY;
    connecting--;
    ready++;
}

static void read_hello(Client *client, Span list) {
    Span key, room, name, value;
    for (list = inside(list); next_member(&list, &key, &room);) {
        int64_t id = 0, version = 0;
        for (room = inside(room); next_member(&room, &name, &value);) {
            if (is(name, "id")) id = number(value);
            if (is(name, "version")) version = number(value);
        }
        if (id == rooms[client->room].id) {
            client->version.next = version + 1;
            enter(client);
            return;
        }
    }
    fail("a client is not in its room");
}

/* Keeps a frame that has only our messages, to compare with the frames of other clients. */
static void keep(Room *room, uint32_t from, uint32_t to, Span text, const Mark *marks, int count) {
    Frame *frame = room->ring + from % RING;
    free(frame->bytes);
    free(frame->marks);
    *frame = (Frame){.from = from, .to = to, .size = text.end - text.at, .count = count};
    frame->bytes = memcpy(grow(NULL, frame->size, 1), text.at, frame->size);
    frame->marks = memcpy(grow(NULL, count, sizeof(Mark)), marks, count * sizeof(Mark));
    if (from != room->read) return;
    room->read = to;
    /* The room must keep each sender's order. */
    for (int i = 0; i < count; i++)
        see(room->said + clients[senders[marks[i].sender]].place, marks[i].number);
}

static void read_changes(Client *client, Span list, uint32_t from, uint32_t to, Span text, int64_t at) {
    Span key, message, name, value;
    Mark marks[MAX_TIMES];
    int count = 0;
    bool whole = true;
    for (list = inside(list); next_member(&list, &key, &message);) {
        uint32_t version = 0;
        Mark mark;
        bool ours = false;
        for (message = inside(message); next_member(&message, &name, &value);) {
            if (is(name, "version")) version = number(value);
            if (is(name, "body")) ours = read_body(value, &mark);
        }
        if (version <= from || version > to) fail("a message outside of its frame's versions");
        if (see(&client->version, version) && ours) delivered_now(client, mark, at);
        whole = whole && ours && version == from + 1 + count && count < MAX_TIMES;
        if (whole) marks[count++] = mark;
    }
    if (whole && count && from + count == to) keep(rooms + client->room, from, to, text, marks, count);
}

/* Whether another client of the room got the same text at this position. */
static bool read_again(Client *client, Span text, int64_t at) {
    uint32_t have = client->version.next - 1;
    Frame *frame = rooms[client->room].ring + have % RING;
    size_t size = text.end - text.at;
    if (!frame->bytes || frame->from != have || frame->size != size) return false;
    if (memcmp(frame->bytes, text.at, size)) return false;
    for (int i = 0; i < frame->count; i++) delivered_now(client, frame->marks[i], at);
    client->version.next = frame->to + 1;
    return true;
}

static void read_chat(Client *client, Span text, int64_t at) {
    if (client->state == READY && read_again(client, text, at)) return;
    Span rest = inside(text), key, value, type = {0}, list = {0};
    int64_t room = -1, from = 0, to = 0, version = 0;
    while (next_member(&rest, &key, &value)) {
        if (is(key, "type")) type = inside(value);
        else if (is(key, "room") && *value.at != '{') room = number(value);
        else if (is(key, "from")) from = number(value);
        else if (is(key, "to")) to = number(value);
        else if (is(key, "version")) version = number(value);
        else if (is(key, "messages") || is(key, "rooms")) list = value;
    }
    if (!type.at) fail("a frame without a type");
    type.end--;
    if (is(type, "hello")) {
        read_hello(client, list);
    } else if (is(type, "changes") && room == rooms[client->room].id) {
        read_changes(client, list, from, to, text, at);
    } else if (is(type, "ack")) {
        Room *acking = rooms + client->room;
        if (version > acking->acked_version) acking->acked_version = version;
        client->acked++;
        if (measuring) acked++;
    } else if (is(type, "error")) {
        if (!errors++) fprintf(stderr, "%.*s\n", (int)(text.end - text.at), text.at);
        client->forgiven++;
    }
}

static void read_mark(Client *client, Span text, int64_t at) {
    Mark mark;
    if (!read_body(text, &mark)) return;
    Client *sender = clients + senders[mark.sender];
    if (sender->room != client->room) fail("a message of another room");
    if (see(client->by_place + sender->place, mark.number)) delivered_now(client, mark, at);
}

static void read_socketio(Client *client, Span text, int64_t at) {
    /* https://socket.io/docs/v4/engine-io-protocol/ */
    if (*text.at == '0') write_text(client, "40");
    else if (*text.at == '2') write_text(client, "3");
    else if (text.end - text.at > 1 && text.at[1] == '0' && client->state == OPENING) enter(client);
    else read_mark(client, text, at);
}

static void read_frame(Client *client, int opcode, Span text, int64_t at) {
    if (opcode == 8) leave(client);
    else if (opcode == 9) write_frame(client, 10, text.at, text.end - text.at);
    if (opcode > 2 || text.at == text.end) return;
    if (measuring) frames++;
    if (protocol == CHAT) read_chat(client, text, at);
    else if (protocol == PLAIN) read_mark(client, text, at);
    else read_socketio(client, text, at);
}

/* Reads the complete frames; returns where the first incomplete one begins. */
static const char *read_frames(Client *client, const char *at, const char *end, int64_t time) {
    while (client->state != GONE && end - at >= 2) {
        const unsigned char *head = (const unsigned char *)at;
        size_t size = head[1] & 127, before = 2;
        if (head[1] & 128 || !(head[0] & 128) || head[0] & 0x70) fail("an unexpected kind of frame");
        if (size >= 126) {
            before += size == 126 ? 2 : 8;
            if (end - at < (ptrdiff_t)before) break;
            size = 0;
            for (size_t i = 2; i < before; i++) size = size << 8 | head[i];
        }
        if ((size_t)(end - at) < before + size) break;
        at += before + size;
        read_frame(client, head[0] & 15, (Span){at - size, at}, time);
    }
    return at;
}

static const char *read_handshake(Client *client, const char *at, const char *end) {
    const char *after = memmem(at, end - at, "\r\n\r\n", 4);
    if (!after) return at;
    if (end - at < 12 || memcmp(at + 9, "101", 3) || !memmem(at, after - at, ACCEPT, strlen(ACCEPT))) {
        if (!refused) fprintf(stderr, "refused: %.*s\n", (int)(after - at), at);
        leave(client);
        return end;
    }
    client->state = OPENING;
    if (protocol == PLAIN) enter(client);
    return after + 4;
}

static void read_in(Client *client) {
    size_t before = client->in.size;
    if (before > READ_SIZE) fail("a frame that is too long");
    memcpy(buffer, client->in.at, before);
    ssize_t size = recv(client->fd, buffer + before, READ_SIZE, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        leave(client);
        return;
    }
    if (measuring) bytes += size;
    const char *at = buffer, *end = buffer + before + size;
    if (client->state == SHAKING) at = read_handshake(client, at, end);
    if (client->state != SHAKING) at = read_frames(client, at, end, now());
    client->in.size = 0;
    if (at < end) append(&client->in, at, end - at);
    if (client->place >= 0) say_more(client);
}

/* Connecting */

static int port_of(Client *client) { return ports[(client - clients) % port_count]; }

static void open_one(Client *client) {
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0) fail("no more sockets: ulimit -n");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port_of(client))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->state = CONNECTING;
    connecting++;
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        fail("cannot connect: %s", strerror(errno));
    watch(client, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

static void shake(Client *client) {
    char request[1024], cookie[300] = "", target[300];
    if (client->cookie) snprintf(cookie, sizeof cookie, "Cookie: sessionid=%s\r\n", client->cookie);
    snprintf(target, sizeof target, path, rooms[client->room].name);
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: %s\r\n%s\r\n",
                        target, port_of(client), port_of(client), KEY, cookie);
    client->state = SHAKING;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
    write_out(client, request, size);
}

/* The loop */

static int64_t next_say, next_beat, next_look;
static uint64_t said, beaten;

static void say_paced(int64_t time) {
    while (sending && mode == PACED && next_say <= time) {
        Client *client = clients + senders[said++ % sender_count];
        /* Counts from when it was due, not from when we sent it. */
        if (client->state == READY) say(client, next_say);
        next_say += SECOND / rate;
    }
}

/* docs/protocol.md: a client pings every 20 s. */
static void beat(int64_t time) {
    while (protocol == CHAT && next_beat <= time) {
        Client *client = clients + beaten++ % client_count;
        if (client->state == READY) write_text(client, "{\"type\":\"ping\",\"ref\":%lu}", beaten);
        next_beat += HEARTBEAT * SECOND / client_count;
    }
}

static void look_for_stalls(int64_t time) {
    for (int i = 0; i < sender_count; i++) {
        Client *client = clients + senders[i];
        int waiting = waits_for(client);
        if (!waiting || time - client->progress < STALLED * SECOND) continue;
        stalls += waiting;
        client->forgiven += waiting;
        client->progress = time;
        say_more(client);
    }
}

static void turn(int64_t until) {
    struct epoll_event events[256];
    int64_t time = now(), wake = until;
    if (sending && mode == PACED && next_say < wake) wake = next_say;
    if (next_beat < wake && protocol == CHAT) wake = next_beat;
    int64_t left = wake > time ? wake - time : 0;
    struct timespec patience = {left / SECOND, left % SECOND};
    int count = epoll_pwait2(poller, events, 256, &patience, NULL);
    for (int i = 0; i < count; i++) {
        Client *client = clients + events[i].data.u32;
        if (client->state == GONE) continue;
        if (client->state == CONNECTING) {
            if (events[i].events & (EPOLLERR | EPOLLHUP)) leave(client);
            else shake(client);
            continue;
        }
        if (events[i].events & EPOLLOUT) write_rest(client);
        if (client->state != GONE && events[i].events & ~EPOLLOUT) read_in(client);
    }
    time = now();
    say_paced(time);
    beat(time);
    if (sending && mode == CLOSED && time >= next_look) {
        look_for_stalls(time);
        next_look = time + SECOND / 4;
    }
}

static void turn_for(double length) {
    int64_t until = now() + length * SECOND;
    while (now() < until) turn(until);
}

static double connect_all(int from, int to) {
    int64_t start = now();
    int opened = from;
    while (ready + gone < to && now() < start + GIVE_UP * SECOND) {
        while (opened < to && (mode == STORM || connecting < MAX_CONNECTING))
            open_one(clients + opened++);
        turn(now() + SECOND / 20);
    }
    return (double)(now() - start) / SECOND;
}

static bool complete(void) {
    for (int i = 0; i < client_count; i++) {
        Room *room = rooms + clients[i].room;
        if (clients[i].state != READY) continue;
        if (protocol == CHAT && clients[i].version.next <= room->acked_version) return false;
        for (int j = 0; protocol == CHAT && j < room->senders; j++)
            if (clients[room->of[j]].state == READY && waits_for(clients + room->of[j])) return false;
        for (int j = 0; protocol != CHAT && j < room->senders; j++)
            if (missing(clients[i].by_place + j, clients[room->of[j]].sent)) return false;
    }
    return true;
}

static void drain(void) {
    last_message = now();
    while (!complete() && now() < last_message + QUIET * SECOND) turn_for(0.02);
    for (int i = 0; i < client_count; i++) {
        Room *room = rooms + clients[i].room;
        if (protocol == CHAT) lost += missing(&clients[i].version, room->acked_version + 1);
        for (int j = 0; protocol != CHAT && j < room->senders; j++)
            lost += missing(clients[i].by_place + j, clients[room->of[j]].sent);
    }
    /* Acked messages must be in the room. */
    for (int i = 0; protocol == CHAT && i < sender_count; i++) {
        Client *sender = clients + senders[i];
        lost += missing(rooms[sender->room].said + sender->place, sender->acked);
    }
}

/* Resource usage */

static double cpu_of(int pid) {
    char name[64], line[1024];
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (!file) return 0;
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = 0;
    unsigned long user = 0, system = 0;
    char *after = strrchr(line, ')');
    if (after) sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static double cpu_of_servers(void) {
    double sum = 0;
    for (int i = 0; i < server_count; i++) sum += cpu_of(servers[i]);
    return sum;
}

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
           + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double memory_of_servers(void) {
    double sum = 0;
    for (int i = 0; i < server_count; i++) {
        char name[64], line[256];
        unsigned long size = 0;
        snprintf(name, sizeof name, "/proc/%d/status", servers[i]);
        FILE *file = fopen(name, "r");
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "VmRSS: %lu", &size) == 1) sum += size;
        if (file) fclose(file);
    }
    return sum;
}

/* The plan: a word and its values on each line; for a client: room, 1 if it sends, session */

static int room_named(const char *name) {
    for (int i = 0; i < room_count; i++)
        if (!strcmp(rooms[i].name, name)) return i;
    rooms = grow(rooms, room_count + 1, sizeof(Room));
    rooms[room_count] = (Room){.name = strdup(name), .id = strtoll(name, NULL, 10)};
    return room_count++;
}

static void add_client(const char *name, bool sends, const char *cookie) {
    clients = grow(clients, client_count + 1, sizeof(Client));
    Client *client = clients + client_count;
    *client = (Client){.room = room_named(name), .place = -1};
    if (strcmp(cookie, "-")) client->cookie = strdup(cookie);
    if (sends) {
        Room *room = rooms + client->room;
        client->place = room->senders;
        room->of = grow(room->of, room->senders + 1, sizeof(int));
        room->of[room->senders++] = sender_count;
        senders = grow(senders, sender_count + 1, sizeof(int));
        senders[sender_count++] = client_count;
    }
    client_count++;
}

static void read_plan(void) {
    char line[1024], word[32], value[900], cookie[300];
    int sends;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "client %899s %d %299s", value, &sends, cookie) == 3) {
            add_client(value, sends, cookie);
            continue;
        }
        if (sscanf(line, "%31s %899s", word, value) != 2) fail("what is %s", line);
        if (!strcmp(word, "protocol"))
            protocol = *value == 'c' ? CHAT : *value == 'p' ? PLAIN : SOCKETIO;
        else if (!strcmp(word, "mode"))
            mode = *value == 'c' ? CLOSED : *value == 'p' ? PACED : *value == 'i' ? IDLE : STORM;
        else if (!strcmp(word, "port")) ports[port_count++ % 8] = atoi(value);
        else if (!strcmp(word, "path")) snprintf(path, sizeof path, "%.190s", value);
        else if (!strcmp(word, "server")) servers[server_count++ % 8] = atoi(value);
        else if (!strcmp(word, "redis")) redis = atoi(value);
        else if (!strcmp(word, "in_flight")) in_flight = atoi(value);
        else if (!strcmp(word, "first")) first = atoi(value);
        else if (!strcmp(word, "rate")) rate = atof(value);
        else if (!strcmp(word, "seconds")) seconds = atof(value);
        else if (!strcmp(word, "warmup")) warmup = atof(value);
        else fail("what is %s", word);
    }
    for (int i = 0; i < room_count; i++) {
        rooms[i].said = zeros(rooms[i].senders + 1, sizeof(Stream));
        rooms[i].ring = zeros(RING, sizeof(Frame));
    }
    for (int i = 0; i < client_count; i++)
        clients[i].by_place = zeros(rooms[clients[i].room].senders + 1, sizeof(Stream));
}

static void begin_to_send(void) {
    for (int i = 0; i < client_count; i++)
        rooms[clients[i].room].read = rooms[clients[i].room].acked_version = clients[i].version.next - 1;
    sending = true;
    next_say = now();
    for (int i = 0; i < sender_count; i++) say_more(clients + senders[i]);
}

int main(void) {
    read_plan();
    run = now() ^ (int64_t)getpid() << 32;
    poller = epoll_create1(0);
    buffer = grow(NULL, 2 * READ_SIZE, 1);
    next_beat = now() + HEARTBEAT * SECOND / (client_count + 1);
    double kilobytes = 0, took;
    if (mode == IDLE && first < client_count) {
        took = connect_all(0, first);
        turn_for(warmup);
        double before = memory_of_servers();
        took = connect_all(first, client_count);
        turn_for(warmup);
        kilobytes = (memory_of_servers() - before) / (client_count - first);
    } else {
        took = connect_all(0, client_count);
        turn_for(0.5);
    }
    if (mode == CLOSED || mode == PACED) {
        begin_to_send();
        turn_for(warmup);
    }
    double cpu = cpu_of_servers(), redis_cpu = cpu_of(redis), own = own_cpu();
    int64_t start = now();
    measuring = true;
    turn_for(mode == STORM ? 0 : seconds);
    measuring = sending = false;
    double length = (double)(now() - start) / SECOND;
    cpu = cpu_of_servers() - cpu;
    redis_cpu = cpu_of(redis) - redis_cpu;
    own = own_cpu() - own;
    if (length < 1e-6) length = 1e-6;
    int entered = ready;
    drain();
    printf("{\"clients\": %d, \"entered\": %d, \"connect_seconds\": %.3f, \"seconds\": %.3f, "
           "\"delivered\": %lu, \"acked\": %lu, \"frames\": %lu, \"bytes\": %lu, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"server_cpu\": %.4f, \"redis_cpu\": %.4f, "
           "\"own_cpu\": %.4f, \"kb_per_connection\": %.2f, \"lost\": %lu, \"doubled\": %lu, "
           "\"reordered\": %lu, \"errors\": %lu, \"stalls\": %lu, \"gone\": %d}\n",
           client_count, entered, took, length, delivered, acked, frames, bytes, percentile(0.5),
           percentile(0.99), cpu, redis_cpu, own, kilobytes, lost, doubled, reordered, errors,
           stalls, gone);
    return 0;
}
