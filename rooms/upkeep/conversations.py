"""The content of the demo: names, rooms, and short conversations.

A conversation is a block of lines. `a`, `b`, `c` are people; `b>` replies to the previous line.
A line that begins with a space continues the message above. `$a` … are the people's usernames;
any other `$word` is a random one of WORDS, drawn once per conversation.
"""

import re
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ko"]

# Usernames and names.
PEOPLE = [
    line.split(maxsplit=1)
    for line in """\
ada Ada Lovett
minji 김민지
ben Ben Okafor
seoyeon 이서연
clara Clara Jensen
junho 박준호
david David Moreau
haeun 최하은
emma Emma Lindqvist
doyun 정도윤
felix Felix Brandt
jiwoo 강지우
grace Grace Mwangi
sumin 조수민
hugo Hugo Ferreira
yejin 윤예진
iris Iris Papadaki
minseok 장민석
jonas Jonas Weber
chaewon 임채원
kate Kate O'Brien
hyunwoo 한현우
leo Leo Tanaka
nari 오나리
maria Maria Rossi
sangwoo 서상우
noah Noah Fischer
yuna 신유나
olga Olga Petrova
taeyang 권태양
priya Priya Raman
eunbi 황은비
quinn Quinn Avery
jaehyun 안재현
rosa Rosa Delgado
dahye 송다혜
sam Sam Whitfield
kyungmin 전경민
tom Tom Eriksen
hana 홍하나
vera Vera Novak
inho 유인호
will Will Castellan
sora 고소라""".splitlines()
]


@dataclass(frozen=True)
class DemoRoom:
    name: str
    kind: Literal["public", "private"]
    languages: tuple[Language, ...]
    topic: str
    archived: bool = False


EN: tuple[Language, ...] = ("en",)
KO: tuple[Language, ...] = ("ko",)
BOTH: tuple[Language, ...] = ("en", "ko")

# Busiest first.
ROOMS = [
    DemoRoom("Engineering", "public", BOTH, "What we build, how, and why it broke"),
    DemoRoom("자유게시판", "public", KO, "일 얘기 말고 아무 얘기나"),
    DemoRoom("Random", "public", BOTH, "Everything else"),
    DemoRoom("Deploys", "public", EN, "What goes out and when"),
    DemoRoom("개발", "public", KO, "개발 관련 논의와 질문"),
    DemoRoom("Support", "public", EN, "Customers' questions; answer or pass on within the hour"),
    DemoRoom(
        "Incidents", "public", EN, "Only while something burns. Runbook: https://example.org/run"
    ),
    DemoRoom("고객지원", "public", KO, "고객 문의 공유"),
    DemoRoom("Design", "public", BOTH, "Sketches, critique, tokens"),
    DemoRoom("Reviews", "public", EN, "Pull requests that wait for eyes"),
    DemoRoom("점심", "public", KO, "오늘 뭐 먹지?"),
    DemoRoom("Frontend", "public", BOTH, "Browsers and what they do to us"),
    DemoRoom("Backend", "public", BOTH, "Databases, queues, sockets"),
    DemoRoom("Announcements", "public", BOTH, "Read me"),
    DemoRoom("Product", "public", EN, "What next, and for whom"),
    DemoRoom("마케팅", "public", KO, "캠페인과 콘텐츠"),
    DemoRoom("Operations", "private", EN, "Machines, backups, on-call"),
    DemoRoom("Seoul office", "public", KO, "서울 사무실 소식"),
    DemoRoom("Berlin office", "public", EN, "Deliveries, keys, plants"),
    DemoRoom("Books", "public", BOTH, "This month: *A Philosophy of Software Design*"),
    DemoRoom("Music", "public", BOTH, "What are you listening to?"),
    DemoRoom("운동", "public", KO, "러닝, 클라이밍, 스트레칭"),
    DemoRoom("Pets", "public", BOTH, "Pictures in words"),
    DemoRoom("Leads", "private", EN, "Planning between teams"),
    DemoRoom("인사", "private", KO, "채용과 휴가"),
    DemoRoom("Hiring", "private", EN, "Candidates; nothing leaves this room"),
    DemoRoom("Security", "private", EN, "Reports and patches"),
    DemoRoom("Data", "public", EN, "Numbers and where they come from"),
    DemoRoom("Mobile", "public", BOTH, "Phones"),
    DemoRoom("번역", "public", KO, "한국어 번역 검토"),
    DemoRoom("Accessibility", "public", EN, "Keyboard, contrast, screen readers"),
    DemoRoom("Travel", "public", BOTH, "Who is where"),
    DemoRoom("Finance", "private", EN, "Invoices and budgets"),
    DemoRoom("스터디", "private", KO, "매주 수요일 저녁"),
    DemoRoom("Board games", "public", EN, "Thursdays, 18:00"),
    DemoRoom("Ideas", "public", BOTH, "Half of them are bad, which is fine"),
    DemoRoom("Release 2", "private", EN, "Until the release is out"),
    DemoRoom("워크숍", "private", KO, "가을 워크숍 준비"),
    DemoRoom("Old website", "public", EN, "Kept for its history", archived=True),
    DemoRoom("이벤트 2025", "public", KO, "지난 행사 기록", archived=True),
]

# Of so many people each, the first of PEOPLE being one.
DIRECT = [2, 2, 2, 3, 2, 4, 2, 3, 2, 2]

WORDS = {
    word: choice.split(", ")
    for word, choice in (
        line.split(": ")
        for line in """\
service: billing, search, uploads, gateway, mailer, sessions, exports, notifications
file: reader.py, store.js, settings.py, urls.py, outbox.js, state.py
n: 2, 3, 4, 5, 7, 8, 12, 15, 20, 30, 45, 60
day: Monday, Tuesday, Wednesday, Thursday, Friday
topic: the new sidebar, the export, dark mode, search, the sign-up page, quotas
city: Berlin, Seoul, Lisbon, Busan, Oslo, Nairobi
book: *Piranesi*, *The Dispossessed*, *Working in Public*, *Refactoring*
요일: 월요일, 화요일, 수요일, 목요일, 금요일
음식: 김치찌개, 쌀국수, 냉면, 비빔밥, 돈까스, 순두부, 파스타, 초밥
기능: 검색, 알림, 결제, 로그인, 내보내기, 다크모드, 첨부파일
장소: 판교, 성수, 홍대, 강남, 제주, 부산""".splitlines()
    )
}

ENGLISH = """\
a Has the $service deploy gone out yet?
b> Ten minutes ago. p99 went from **$n ms** to 4 ms.
a Lovely, thank you!

a Anybody else seeing 502s from `$service`?
b Looking.
b It's the connection pool again: `max_connections` was still at $n.
 Raising it now, and I'll write down why it matters this time.
c> Graphs are flat again here.
a> Same. Thanks @$b!

a @$b could you look at my pull request when you have a moment? It touches `$file`, about $n lines.
b> On it after lunch.
b Left two comments, nothing blocking. The naming in the second commit is *much* better.
a Both fixed, merging.

a What is the plan for $topic?
b> Three steps:

 1. ship what we have behind a setting
 2. ask five customers
 3. throw half of it away
c I like step 3.
a Fine with me. Who asks the customers?
b I will, until $day.

a Minutes of today's call:

 - $topic moves to $day
 - @$b writes the announcement
 - we stop supporting the old export in $n days

a morning all ☕
b> Morning!
c good morning from $city

a TIL:

 ```python
 from itertools import batched

 for chunk in batched(rows, $n):
     save(chunk)
 ```
b> Finally no more copying that recipe from the docs.
c Only since 3.12 though.

a A customer asks whether they can export everything at once. Can they?
b> Not yet. They can do it room by room.
a> OK, I'll tell them and link the issue.

a The build is red: `$file` fails lint.
b My fault, one second.
b Fixed.

a I'll be out on $day, @$b has the keys to `$service`.
b> 👍 enjoy!

a Does anyone remember why we set the timeout to $n s?
b> Because the proxy in front cuts at $n. It's in the runbook: https://example.org/run/timeouts
a Ah. Of course it is. Thanks.

a Finished $book yesterday. Recommended.
b> No spoilers please, I'm on page $n.
c> Adding it to the list.

a Incident: `$service` is down since $n minutes. I'm taking it.
b> Need hands?
a> Please watch the queue.
b Queue is at $n thousand and falling.
a Back up. Cause: a migration took a lock that it should not have taken. I'll write the report.
c Well done both.

a Lunch at the noodle place at 12:30?
b> Count me in.
c Me too, five minutes late.

a Draft for the release notes:

 > **Faster history.** A page of a room with a million messages opens as fast as an empty one.
 >
 > **Quiet hours.** Choose when we leave you alone.
b> "leave you alone" 😄 keep it.
c Reads well. I'd put quiet hours first.

a ~~Standup in 5~~ no standup today, everybody is at the all-hands.

a How do I get the $service logs of last $day?
b> `make logs SERVICE=$service SINCE=$day`
a Perfect.

a Retro question for $day: what should we *stop* doing?
b> Meetings without notes.
c> Meetings with notes nobody reads.

a Contrast of the secondary text is 3.9:1, it needs 4.5.
b> Darkened it a shade, have a look at the preview.
a 5.2 now. 👏

a yes

a ok

a thanks!

a 😂

a sounds good to me

a Not sure. Can we measure it before we decide?
b> Agreed, I'll put a counter in tonight.

a Is $city still on for $day?
b> Yes, train is booked.

a Who owns the $service dashboard? The second graph counts everything twice.
b> I do. It sums over both replicas, will fix.
a> No hurry, just confused me for an hour.

a I tried the new build on an old phone: scrolling is smooth, typing lags when the list is long.
b> How long?
a> About $n screens.
b Then it lays out all of them. I know where that is.

a Reminder: time sheets until $day, please.

a New candidate, second talk on $day. @$b, @$c, can you both make it?
b> Yes.
c> Only after 15:00.

a The cat is on the keyboard again.
b> That explains the commit message.
"""

KOREAN = """\
a 좋은 아침입니다!
b> 안녕하세요 ☀️
c 좋은 아침이에요~

a 오늘 점심 $음식 어때요?
b> 좋아요!
c 저는 도시락 싸왔어요 ㅠㅠ
a> 그럼 다음에 같이 가요

a @$b님 혹시 $기능 쪽 코드 리뷰 부탁드려도 될까요? 급한 건 아니에요.
b> 네, 오후에 볼게요.
b 코멘트 두 개 남겼습니다. 나머지는 **아주 좋아요**.
a 감사합니다! 반영했어요.

a $기능 배포했습니다. 이상 있으면 바로 말씀해 주세요.
b> 확인했습니다. 응답이 $n ms까지 내려갔네요 👏

a 회의록 공유합니다.

 - $기능 일정은 $요일로 미룹니다
 - 고객사 회신은 @$b님이 담당
 - 다음 회의는 $요일 오전 10시
b> 정리 감사합니다!

a 서버 에러 로그가 갑자기 늘었어요. 보고 계신 분 있나요?
b> 제가 볼게요.
b 원인 찾았습니다. `timeout` 값이 $n초로 되어 있었어요.
c> 빠르네요 👍
a 수고하셨습니다!

a 고객 문의가 들어왔는데요, $기능 기능이 휴대폰에서 안 보인다고 합니다.
b> 어떤 브라우저인지 여쭤봐 주실 수 있나요?
a> 사파리라고 하시네요.
b 재현됐습니다. 오늘 안에 고칠게요.

a ㅋㅋㅋㅋㅋ

a 네

a 넵 확인했습니다

a 감사합니다 🙏

a 저 $요일 휴가입니다. 급한 일은 @$b에게 말씀해 주세요.
b> 푹 쉬고 오세요~

a 이 부분 번역이 어색한데 어떻게 바꾸면 좋을까요?

 > You have no unread messages.
b> "읽지 않은 메시지가 없습니다"가 자연스러울 것 같아요.
c> 저도 그게 좋아요.
a 그걸로 바꿨습니다.

a 주말에 $장소 다녀왔는데 정말 좋았어요.
b> 오 부럽네요! 사람 많았나요?
a> 생각보다 괜찮았어요.

a 오늘 배운 것:

 ```sql
 SELECT room_id, count(*)
 FROM rooms_message
 GROUP BY room_id
 HAVING count(*) > $n;
 ```
b> HAVING은 늘 헷갈려요.

a 러닝 $n킬로 완료!
b> 대단해요 🔥
c 이번 주말에 같이 뛰실 분?

a 워크숍 장소 투표할게요. $장소 vs 양평
b> 저는 $장소요!
c 양평에 한 표.

a 택배 왔습니다. 1층에 있어요.
b> 가지러 갈게요, 고맙습니다.

a 지원자 면접이 $요일 오후 2시로 잡혔습니다. @$b님 @$c님 참석 가능하실까요?
b> 가능합니다.
c> 저는 2시 30분부터 가능해요.

a `$file` 수정할 때 조심하세요. 테스트가 **순서에** 의존하고 있어요.
b> 헉 그건 고쳐야겠네요.
a 이슈로 남겨뒀습니다: https://example.org/issues/$n

a 커피 드실 분?
b> 저요!
c> 아이스로 부탁드려요 ㅎㅎ

a 내일 비 온대요. 우산 챙기세요 ☔

a 스터디는 이번 주 $요일에 합니다. 범위는 $n장까지예요.
b> 네 읽어올게요.
c 저 이번 주는 빠집니다 😢

a 디자인 시안 올렸어요. 버튼 색이 두 가지인데 의견 부탁드립니다.
b> 첫 번째가 더 눈에 잘 들어와요.
c 저도 첫 번째요. 다만 글자가 조금 작아 보여요.
a> 글자 키워서 다시 올릴게요.

a 수고하셨습니다! 내일 봬요.
b> 내일 봬요~
"""

# Text that an edit appends.
EDITS: dict[Language, list[str]] = {
    "en": ["*Edit:* typo.", "*Edit:* wrong day, sorry.", "*Edit:* done now.", "*Edit:* see above."],
    "ko": ["*수정:* 오타요.", "*수정:* 해결됐어요.", "*수정:* 링크 고쳤습니다."],
}

# Most common first.
EMOJI = ["👍", "❤️", "😂", "🎉", "👀", "🙏", "🔥", "✅", "😢", "👏🏽", "☕", "🇰🇷"]


_WORD = re.compile(rf"\$({'|'.join(sorted([*WORDS, *'abc'], reverse=True))})")


@dataclass(frozen=True)
class Line:
    speaker: int
    answers: bool  # a reply to the previous line
    parts: list[str]  # alternating text and words

    def said(self, words: dict[str, str]) -> str:
        """Returns the text with `words` filled in."""
        return "".join(words[part] if place % 2 else part for place, part in enumerate(self.parts))


Conversation = list[Line]


def _read(text: str) -> list[Conversation]:
    conversations: list[Conversation] = [[]]
    lines: list[str] = []
    for line in [*text.split("\n"), "a "]:
        if line[:1] in ("", " ") and lines:
            lines.append(line[1:])
            continue
        if lines:
            body = "\n".join(lines)
            who, _, said = body.partition(" ")
            parts = _WORD.split(said.strip())
            conversations[-1].append(Line("abc".index(who[0]), who[1:] == ">", parts))
            if body.endswith("\n"):
                conversations.append([])
        lines = [line]
    return [conversation for conversation in conversations if conversation]


CONVERSATIONS: dict[Language, list[Conversation]] = {"en": _read(ENGLISH), "ko": _read(KOREAN)}
