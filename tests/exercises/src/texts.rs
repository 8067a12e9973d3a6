//! All that the checker says, in English and in Chinese.
//!
//! A text that has no Chinese yet is said in English; a test fails until it has one. `{}` is filled in, from left to
//! right, in both languages alike.

use std::env;

/// The reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    /// By its name on the command line.
    pub fn named(name: &str) -> Option<Language> {
        match name {
            "en" => Some(Language::English),
            "zh" => Some(Language::Chinese),
            _ => None,
        }
    }

    /// What the environment says: the first of these that is set counts.
    pub fn of_environment() -> Language {
        let values = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).unwrap_or_default());
        Language::of_locales(&values)
    }

    fn of_locales(values: &[String]) -> Language {
        let first = values.iter().find(|value| !value.is_empty());
        if first.is_some_and(|value| value.starts_with("zh")) { Language::Chinese } else { Language::English }
    }
}

/// One text.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// What it is called here, and in the tables of `mutants/`.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests find checks by it"))]
    pub name: &'static str,
    en: &'static str,
    zh: &'static str,
}

/// A text, and what is filled in.
#[derive(Clone, Debug)]
pub struct Message {
    text: Text,
    values: Vec<String>,
}

impl Text {
    pub fn in_language(self, language: Language) -> &'static str {
        if language == Language::Chinese && !self.zh.is_empty() { self.zh } else { self.en }
    }

    /// Filled in with these.
    pub fn with<Value: Into<String>>(self, values: impl IntoIterator<Item = Value>) -> Message {
        Message { text: self, values: values.into_iter().map(Into::into).collect() }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Message {
        Message { text, values: Vec::new() }
    }
}

impl Message {
    pub fn in_language(&self, language: Language) -> String {
        let mut parts = self.text.in_language(language).split("{}");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for (at, part) in parts.enumerate() {
            whole += self.values.get(at).map_or("", String::as_str);
            whole += part;
        }
        whole
    }
}

macro_rules! texts {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(pub const $name: Text = Text { name: stringify!($name), en: $en, zh: $zh };)*

        #[cfg(test)]
        const ALL: &[Text] = &[$($name),*];
    };
}

texts! {
    // ---- what the command says

    USAGE: "cargo exercise               says how far you are with each of the ten\n\
            cargo exercise 7             checks the seventh\n\
            cargo exercise --language zh in Chinese (en: in English)",
        "cargo exercise               显示十个练习各做到哪一步\n\
         cargo exercise 7             检查第 7 个\n\
         cargo exercise --language en 用英文显示（zh：中文）";
    NO_SUCH_WORD: "{} is neither the number of an exercise (1 to 10) nor an option.",
        "{} 既不是练习的编号（1 到 10），也不是选项。";
    DONE: "done", "已完成";
    BEGUN: "begun", "进行中";
    NOT_BEGUN: "not begun", "未开始";
    BEGIN_WITH: "cp examples/{}.rs examples/{}.rs", "cp examples/{}.rs examples/{}.rs";
    DOES_NOT_COMPILE: "it does not compile yet", "还不能通过编译";
    NEXT_CHECK: "next, check {} of {}: {}", "下一步，第 {} 项检查（共 {} 项）：{}";
    DOES_NOT_START: "it does not start as a stage does", "启动方式与原来的阶段不同";
    SO_MANY_ARE_DONE: "{} of 10 are done. Next: {}", "十个练习已完成 {} 个。下一步：{}";
    CHECK_ONE: "cargo exercise {} (says what is wrong)", "cargo exercise {}（会说明哪里不对）";
    NO_FILE: "Exercise {}, {}, is not begun: there is no examples/{}.rs. Begin with a copy of the stage:",
        "练习 {}（{}）还没有开始：没有 examples/{}.rs。先复制这一阶段的程序：";
    CANNOT_BUILD: "Exercise {}, {}: examples/{}.rs does not compile yet. The compiler says:",
        "练习 {}（{}）：examples/{}.rs 还不能通过编译。编译器说：";
    NO_COMPILER: "Exercise {}, {}: it could not be compiled: {}", "练习 {}（{}）：无法编译：{}";
    MIO_FIRST: "Building mio, which this exercise needs; the first time that takes some seconds.",
        "正在编译这个练习需要的 mio，第一次要几秒钟。";
    FAILS: "Exercise {}, {}: check {} of {} fails.", "练习 {}（{}）：第 {} 项检查（共 {} 项）没有通过。";
    FAILS_AT_START: "Exercise {}, {}: the program does not start as it should.", "练习 {}（{}）：程序没有正常启动。";
    STILL_THE_STAGE: "Your file is still the stage as it was.", "你的文件还是原来的阶段，一字未改。";
    IS_DONE: "Exercise {}, {}, is done: all {} checks passed.", "练习 {}（{}）已完成：{} 项检查全部通过。";
    COMPARE_WITH: "Now compare", "现在来比较";
    ONE_SOLUTION: "One solution of many: tests/exercises/solutions/{}.rs", "许多做法中的一种：tests/exercises/solutions/{}.rs";
    NEXT_EXERCISE: "Next is exercise {}, {}:", "接下来是练习 {}（{}）：";
    ALL_DONE: "All ten are done.", "十个练习全部完成。";

    // ---- the parts of a failure

    SENT: "the checker sent:", "检查程序发送：";
    BEFORE: "what the checker had sent before:", "检查程序在此之前发送：";
    CAME: "your program sent:", "你的程序发回：";
    PRINTED: "your program printed:", "你的程序打印：";
    STDERR: "your program printed on standard error:", "你的程序在标准错误上打印：";
    PROGRAM: "your program:", "你的程序：";
    EXPECTED: "expected:", "期望：";
    LOOK: "look at:", "看哪里：";
    NOTE: "note:", "说明：";
    CHECKER: "the checker:", "检查程序：";

    NOTHING: "nothing", "什么也没有";
    MORE_BYTES: "... and {} bytes more", "…… 还有 {} 个字节";
    NOTHING_BUT_END: "nothing; then the connection ended", "什么也没有，连接就结束了";
    NOTHING_FOR: "(nothing more for {} seconds)", "（{} 秒内再没有任何字节）";
    THEN_THE_END: "(then the connection ended)", "（然后连接结束）";
    NO_LINE_END: "(and no end of a line)", "（没有换行）";
    CANNOT_CONNECT: "no connection: {}", "无法连接：{}";
    A_CONNECTION: "a connection", "能够连接";
    CANNOT_START: "it cannot be started: {}", "无法启动：{}";
    CHECKER_CANNOT: "it cannot work on this machine: {}", "无法在这台机器上工作：{}";
    TOO_BUSY: "this machine is too busy to measure half a second; try again", "这台机器太忙，量不准半秒；请再试一次";
    ENDED_WITH_CODE: "it has ended, with exit code {}", "已经结束，退出码 {}";
    ENDED_BY_SIGNAL: "it has ended: the system stopped it", "已经结束：被系统终止";
    DOES_NOT_END: "it still runs after {} seconds", "过了 {} 秒仍在运行";
    IT_ENDS: "it ends", "程序结束";
    GOES_ON: "a server that goes on, whatever a client sends", "无论客户端发什么，服务器都继续运行";
    NO_PANIC: "no panic, in whichever thread: nothing that comes from outside may cause one",
        "任何线程都不 panic：外面来的任何东西都不应引起 panic";

    // ---- starting

    IT_STARTS: "it starts and says where it listens", "程序启动，并说明在哪里监听";
    LISTENING_LINE: "the first line is: Listening on 127.0.0.1:PORT", "第一行是：Listening on 127.0.0.1:端口";
    LISTENING_ADDRESS: "the address of listener.local_addr(): with the argument 0 the system chooses the port",
        "listener.local_addr() 给出的地址：参数为 0 时，端口由系统选择";
    LISTENING_LOOK: "the arguments and the first line, which stay as in the stage; standard output is read up to the \
                     end of that line",
        "命令行参数和第一行输出，都应与原来的阶段一样；检查程序从标准输出读到这一行的末尾";

    // ---- what is expected of conversations

    THE_END: "the end of the connection, and nothing before it", "连接结束，之前没有任何字节";
    THE_LINE: "the line {}", "一行 {}";
    THE_LINE_SOON: "the line {}, within two seconds", "两秒之内出现一行 {}";
    NOTHING_YET: "nothing yet: it is not whole", "还什么都不该有：内容尚未发完";
    MUCH_THE_SAME: "{} bytes; of the {} that came, the first {} are right",
        "{} 个字节；发回的 {} 个当中，开头 {} 个是对的";
    ANSWER_AFTER: "the answer came after {} seconds", "{} 秒后才有回答";
    AFTER_ABOUT_TWO: "an answer after about two seconds: not sooner, and not much later",
        "大约两秒后得到回答：不能更早，也不能晚很多";

    // ---- what is expected of responses

    A_RESPONSE: "an HTTP response: HTTP/1.1, a status, fields, a blank line, a body as long as Content-Length says",
        "一个 HTTP 响应：HTTP/1.1、状态码、若干字段、空行，以及与 Content-Length 相符的正文";
    AND_THE_END: "the same, and then the end of the connection", "同样的内容，然后连接结束";
    STATUS: "status {}", "状态码 {}";
    THE_FIELD: "the field {}, once", "字段 {}，只出现一次";
    THE_BODY: "a body of {} bytes: {}", "{} 个字节的正文：{}";
    NO_BODY: "nothing behind the blank line", "空行之后什么也没有";
    NO_FILE_THERE: "a refusal or a redirect (3xx or 4xx): there is no such file", "拒绝或重定向（3xx 或 4xx）：没有这个文件";
    ANY_REFUSAL: "a file or a refusal (4xx), but no fault of the server", "一个文件，或者拒绝（4xx），而不是服务器出错";
    BEGINNING_OF_ANSWER: "the beginning of an answer", "响应的开头";

    // ---- checks of several exercises

    FIELDS_IN_ANY_CASE: "the field’s name may be written in any case", "字段名大小写都可以";
    FIELDS_IN_ANY_CASE_LOOK: "how you compare names: range, RANGE and Range are one (RFC 9110, 5.1); \
                              eq_ignore_ascii_case compares so",
        "怎样比较字段名：range、RANGE 和 Range 是同一个（RFC 9110, 5.1）；eq_ignore_ascii_case 就是这样比较的";
    NO_SPACE_BEHIND_COLON: "behind the colon there may be no space, or several", "冒号后面可以没有空格，也可以有几个";
    NO_SPACE_BEHIND_COLON_LOOK: "where you split a field: at the colon alone; spaces and tabs around the value do not \
                                 belong to it (RFC 9112, 5)",
        "在哪里切开字段：只在冒号处切；值两边的空格和制表符都不属于值（RFC 9112, 5）";
    EMPTY_FILE: "an empty file is a file, too", "空文件也是文件";
    ODD_PATHS: "folders, missing files and odd paths are refused, and the server goes on",
        "文件夹、不存在的文件和古怪的路径都被拒绝，服务器继续运行";
    ODD_PATHS_LOOK: "what happens before you know that it is a regular file: an error there is a 404, and no unwrap()",
        "在确定它是普通文件之前做了什么：那里出错应当是 404，不能 unwrap()";
    IN_PIECES: "a request may come byte by byte, and is answered when it is whole",
        "请求可以一个字节一个字节地来，收完整才回答";
    IN_PIECES_LOOK: "the loop that reads the head: one read may bring a part of it, and the blank line may be cut in \
                     two",
        "读取头部的循环：一次读取可能只得到一部分，空行也可能断成两截";
    REQUEST_VANISHES: "clients that vanish in the middle do not end the server", "客户端中途消失，服务器继续运行";
    REQUEST_VANISHES_LOOK: "what becomes of an error of read or write, and of a read of 0 bytes: they end this \
                            connection and nothing else",
        "读写出错、读到 0 个字节之后会怎样：只结束这一个连接，别的都不受影响";

    // ---- 1

    CAPITALS: "In capitals", "变成大写";
    CAPITALS_AT_ONCE: "what comes goes back at once, in capitals", "收到什么，立刻以大写送回";
    CAPITALS_AT_ONCE_LOOK: "the lines between read and write; do not wait for the end of a line",
        "读和写之间的那几行；不要等到换行";
    ONLY_ASCII: "only the letters a to z change", "只有 a 到 z 会变";
    ONLY_ASCII_LOOK: "which bytes you change: those of ASCII letters alone, by make_ascii_uppercase or \
                      to_ascii_uppercase",
        "改了哪些字节：只改 ASCII 字母，用 make_ascii_uppercase 或 to_ascii_uppercase";
    CUT_LETTER: "a read may end in the middle of a letter", "一次读取可能断在一个字的中间";
    CUT_LETTER_LOOK: "whether you make text of the bytes: half a letter is no text, and must come back all the same",
        "是否把字节转成了文本：半个字不是文本，但也要原样送回";
    EVERY_BYTE: "all 256 values of a byte come back", "256 种字节都能送回";
    EVERY_BYTE_LOOK: "what you do with bytes that are no letters: they come back as they were",
        "怎样处理不是字母的字节：原样送回";
    SAYS_NOTHING: "a client that says nothing and finishes is no error", "客户端什么也不说就结束，不算错误";
    SAYS_NOTHING_LOOK: "a read of 0 bytes: it is the end of this connection, and the next client is served",
        "读到 0 个字节：这个连接到此结束，接着服务下一个客户端";
    MUCH: "220,000 bytes come back while they are sent", "边收边送，220,000 个字节全部送回";
    MUCH_LOOK: "how much you write: buffer[..count], by write_all, after each read", "写了多少：每次读取之后，用 write_all 写 buffer[..count]";
    VANISHES: "clients that vanish do not end the server", "客户端突然消失，服务器继续运行";
    VANISHES_LOOK: "what becomes of an error of read or write: it ends this connection and nothing else",
        "读写出错之后会怎样：只结束这一个连接，别的都不受影响";
    CAPITALS_COMPARE: "src/server/transport.rs: read and write are all that the engine asks of a connection, too. There \
                       they never wait.",
        "src/server/transport.rs：引擎对一个连接的要求也只有读和写，只不过在那里它们从不等待。";

    // ---- 2

    ASK_AGAIN: "Ask again", "再问一次";
    ANSWERED_AT_ONCE: "an answer is printed, and how long it took", "打印收到的回答和所用的时间";
    ANSWERED_AT_ONCE_LOOK: "the two lines that are printed, and the exit code", "打印的那两行，以及退出码";
    LOST_TWICE: "when nothing comes, the same datagram is sent again after half a second",
        "半秒没有回答，就把同一个数据报再发一次";
    LOST_TWICE_LOOK: "the loop around send and recv, its limit of 500 ms, and when your clock begins",
        "send 和 recv 外面的循环、500 毫秒的时限，以及从何时开始计时";
    ODD_ANSWERS: "any bytes are an answer, and so are none at all", "任何字节都是回答，空的也是";
    ODD_ANSWERS_LOOK: "how you print: the bytes, by write_all, and not as text; a datagram of 0 bytes is no end",
        "怎样打印：用 write_all 写出字节，不要当成文本；0 个字节的数据报不表示结束";
    STRANGER: "a datagram from another address is no answer, and does not stop the clock",
        "从别的地址来的数据报不是回答，也不能让计时重来";
    STRANGER_LOOK: "whom you listen to: with connect() the system drops all others; else compare the sender, and give \
                    the next read only what is left of the half second",
        "听谁的：connect() 之后，系统会丢掉其他来源；不然就要比较发送者，并且只给下一次读取留下半秒中剩余的部分";
    NEVER: "after five datagrams without an answer it gives up", "发出五次都没有回答就放弃";
    NEVER_LOOK: "how many times you send, what you wait for after the last, and the exit code",
        "一共发几次、最后一次之后等多久，以及退出码";
    STILL_SERVES: "with a port alone it still serves", "只给一个端口时，仍然是服务器";
    STILL_SERVES_LOOK: "the part of the stage that serves: it stays as it is", "这一阶段里做服务器的那一部分：保持原样";
    THE_DATAGRAM: "the datagram {}", "数据报 {}";
    A_SECOND_DATAGRAM: "the datagram {} a second time, half a second after the first", "数据报 {} 再来一次，在第一次之后半秒";
    A_THIRD_DATAGRAM: "the datagram {} a third time, half a second after the second", "数据报 {} 第三次，在第二次之后半秒";
    NO_DATAGRAM_FOR: "no datagram for {} seconds", "{} 秒内没有数据报";
    PAUSE_WAS: "two datagrams, {} ms apart", "两个数据报，相隔 {} 毫秒";
    PAUSE_SHOULD_BE: "about 500 ms between them", "相隔大约 500 毫秒";
    FROM_PORTS: "three datagrams, from the ports {}", "三个数据报，分别来自端口 {}";
    FROM_ONE_PORT: "one socket for all of them: a late answer to the first would not be heard by another",
        "全部用同一个套接字：换了一个，就听不到对第一次的迟来的回答";
    ANSWER_LINE: "the answer, on a line of its own", "回答，单独一行";
    TIME_LINE: "a second line \"N ms\", with N from {} to {}, and nothing more", "第二行是“N ms”，N 在 {} 到 {} 之间，此外什么也没有";
    EXIT_CODE_0: "exit code 0, for there was an answer", "退出码 0，因为得到了回答";
    EXIT_CODE_NOT_0: "an exit code other than 0, for there was no answer", "退出码不是 0，因为没有得到回答";
    AN_EMPTY_ANSWER: "the answer was a datagram of 0 bytes", "回答是一个 0 字节的数据报";
    AN_ODD_ANSWER: "the answer was one datagram with these bytes", "回答是一个含有下列字节的数据报";
    FROM_A_STRANGER: "sent again and again from another port, while your client waited for the server",
        "在你的客户端等待服务器期间，从另一个端口一再发送";
    NOT_PRINTED: "nothing printed: the server has not answered yet", "什么也不打印：服务器还没有回答";
    DATAGRAMS: "{} datagrams", "{} 个数据报";
    FIVE_DATAGRAMS: "5 datagrams", "5 个数据报";
    ENDED_AFTER: "the end came {} seconds after the first datagram", "第一个数据报之后 {} 秒程序结束";
    ENDS_HALF_A_SECOND_LATER: "the end half a second after the fifth datagram: 2.5 seconds after the first",
        "第五个数据报之后半秒结束，也就是第一个之后 2.5 秒";
    A_LINE_ON_STDERR: "a line on standard error, and nothing on standard output", "标准错误上有一行，标准输出上什么也没有";
    ASK_AGAIN_COMPARE: "src/server/timers.rs: one sender waits for one answer, and a time limit on the socket is enough. \
                        The engine waits for thousands at once, so it keeps their deadlines in a queue.",
        "src/server/timers.rs：一个发送端等一个回答，套接字上设一个时限就够了；引擎同时等几千个客户端，所以把它们的最后期限放进一个队列。";

    // ---- 3

    COUNT: "How many are here", "现在有几位";
    FIRST_AND_SECOND: "who connects is told how many are here, before it has said anything",
        "客户端一连上，还没说话，就被告知现在有几位";
    FIRST_AND_SECOND_LOOK: "what is written before the first read; whoever has just come is counted",
        "第一次读取之前写了什么；刚来的这一位也要算上";
    ECHO_AFTERWARDS: "after that line, everything is echoed as before", "这一行之后，照常回声";
    ECHO_AFTERWARDS_LOOK: "the echo behind the first line: it stays as in the stage", "第一行之后的回声：与原来的阶段一样";
    ONE_LEAVES: "whoever leaves is counted no more", "离开的不再计数";
    ONE_LEAVES_LOOK: "where you count down, and that it happens once for each client", "在哪里减一；每个客户端只减一次";
    ONE_VANISHES: "nor is whoever vanishes, so that a read fails", "突然消失、使读取出错的也一样";
    ONE_VANISHES_LOOK: "whether the count goes down when echo returns by ?: a value whose Drop counts down cannot be \
                        forgotten",
        "echo 因 ? 提前返回时有没有减一：让一个值在 Drop 时去减，就不会忘";
    MANY_AT_ONCE: "of forty that come at once, no two are told the same number", "四十个同时来，没有两个得到同一个数";
    MANY_AT_ONCE_LOOK: "how you count up: reading, adding and writing must be one step (fetch_add, or a Mutex), and the \
                        number that is told is the one that this step gives",
        "怎样加一：读出、加一、写回必须是一步（fetch_add 或 Mutex），告诉客户端的就是这一步得到的数";
    THE_NUMBERS: "the numbers {}", "这些数：{}";
    EACH_NUMBER_ONCE: "each number from 2 to {} once: one was there before", "从 2 到 {}，每个数一次：之前已有一位";
    COUNT_COMPARE: "src/base/budget.rs: a share of memory that is given back when it is dropped, whatever happened to the \
                    connection.",
        "src/base/budget.rs：一份内存额度，无论连接遇到什么，析构时都会归还。";

    // ---- 4

    SILENCE: "Whoever is silent must leave", "沉默者请离开";
    ECHO_AS_BEFORE: "the echo works as before", "回声照旧";
    ECHO_AS_BEFORE_LOOK: "the echo: it stays as in the stage, and the end of a client ends no thread",
        "回声：与原来的阶段一样；客户端结束，线程不能跟着结束";
    THREADS_VANISH: "clients that vanish cost no thread", "客户端突然消失，不会赔上一个线程";
    THREADS_VANISH_LOOK: "what becomes of an error of read or write: the thread must go on to the next client",
        "读写出错之后会怎样：线程必须接着服务下一个客户端";
    THIRD_GETS_IN: "when two silent clients hold both threads, a third is served after about two seconds",
        "两个沉默的客户端占住两个线程时，第三个大约两秒后得到服务";
    THIRD_GETS_IN_LOOK: "the limit on each read (set_read_timeout), and what becomes of its error: the connection ends, \
                         without a word, and the thread goes on",
        "每次读取的时限（set_read_timeout），以及超时之后会怎样：连接不声不响地结束，线程继续";
    TALKER_STAYS: "whoever says something every half second stays", "每半秒说一句的可以留下";
    TALKER_STAYS_LOOK: "from when you count: the two seconds begin anew with each byte that comes",
        "从何时算起：每来一些字节，两秒就重新开始";
    NEVER_READS: "whoever sends and never reads must leave, too", "只发不读的也要离开";
    NEVER_READS_LOOK: "the other direction: write_all waits for ever for a client that takes nothing \
                       (set_write_timeout)",
        "另一个方向：客户端什么也不收，write_all 就会一直等下去（set_write_timeout）";
    TO_BE_KEPT: "no byte and no end: it was never silent for two seconds", "没有字节，也不断开：它从未沉默满两秒";
    SILENCE_COMPARE: "src/server/connection/mod.rs, set_deadline: there a silent client has another limit than one in the \
                      middle of a request, or one that takes no more of its answer.",
        "src/server/connection/mod.rs 里的 set_deadline：在那里，空闲的客户端、请求发到一半的客户端和不再接收响应的客户端，时限各不相同。";

    // ---- 5

    HEAD: "HEAD", "HEAD";
    GET_AS_BEFORE: "GET says hello as before", "GET 照旧问好";
    GET_AS_BEFORE_LOOK: "the response to GET: it stays as in the stage, for every target", "GET 的响应：与原来的阶段一样，对任何目标都如此";
    HEAD_WITHOUT_BODY: "HEAD has the fields of GET, and no body", "HEAD 的字段与 GET 相同，没有正文";
    HEAD_WITHOUT_BODY_LOOK: "how the response to HEAD is made: that to GET, cut off behind the blank line",
        "HEAD 的响应怎样生成：就是 GET 的响应，在空行之后截断";
    NOT_ALLOWED: "POST, PUT and DELETE: 405, and Allow says what can be used", "POST、PUT、DELETE：405，并由 Allow 说明可用的方法";
    NOT_ALLOWED_LOOK: "the methods that you know but do not take, and the field Allow (RFC 9110, 15.5.6)",
        "认识但不接受的方法，以及 Allow 字段（RFC 9110, 15.5.6）";
    ALLOW_FIELD: "the field Allow, with GET and HEAD, and without this method", "Allow 字段，含 GET 和 HEAD，不含这个方法";
    NOBODY_KNOWS: "a method that nobody knows: 501", "谁也不认识的方法：501";
    NOBODY_KNOWS_LOOK: "how you compare methods: the whole word, letter for letter (RFC 9110, 9.1)",
        "怎样比较方法：整个词，一个字母也不差，区分大小写（RFC 9110, 9.1）";
    NO_REQUEST_LINE: "a first line that is no request line: 400", "第一行不是请求行：400";
    NO_REQUEST_LINE_LOOK: "how you take the line apart: three words with one space between them, of which the last \
                           begins with HTTP/1.; and no unwrap() on what may not be there",
        "怎样拆开请求行：三个词，中间各一个空格，最后一个以 HTTP/1. 开头；可能不存在的东西不能 unwrap()";
    ODD_FIELDS: "fields make no difference, and a head without end is refused", "字段没有影响，没完没了的头部被拒绝";
    ODD_FIELDS_LOOK: "where you look for the method: in the first line alone; and the limit on the head",
        "在哪里找方法：只在第一行；还有头部长度的上限";
    GREETING_OR_400: "the greeting, or 400", "问候，或者 400";
    HEAD_COMPARE: "src/http/method.rs, and tests/wire/get-head.txt, where a second request on the same connection shows \
                   that no body came.",
        "src/http/method.rs，以及 tests/wire/get-head.txt：同一连接上的第二个请求说明没有正文跟来。";

    // ---- 6

    STILL_GOOD: "You have it already", "你已经有了";
    HAS_A_TAG: "each file has an ETag in quotes, the same each time", "每个文件都有加引号的 ETag，每次相同";
    HAS_A_TAG_LOOK: "where the head is written: ETag: \"...\"", "写出头部的地方：ETag: \"...\"";
    TAG_ALONE: "who shows the tag gets 304, and no body", "出示标签的得到 304，没有正文";
    TAG_ALONE_LOOK: "the 304: it has the ETag, no body, and no Content-Length: 0", "304：有 ETag，没有正文，也没有 Content-Length: 0";
    TAG_IN_A_LIST: "the tag may stand in a list of several", "标签可以列在几个之中";
    TAG_IN_A_LIST_LOOK: "how you take the value apart: at commas, with or without spaces; and the field may have \
                         several lines",
        "怎样拆开值：按逗号，有没有空格都行；这个字段还可以有好几行";
    WEAK_TAG: "a W/ before the tag makes no difference", "标签前有 W/ 也一样";
    WEAK_TAG_LOOK: "how you compare: If-None-Match compares weakly (RFC 9110, 13.1.2), so W/ is taken away first",
        "怎样比较：If-None-Match 用弱比较（RFC 9110, 13.1.2），所以先去掉 W/";
    ANY_TAG: "* stands for any version", "* 表示任何版本";
    ANY_TAG_LOOK: "the value *", "值为 * 的情况";
    OTHER_TAGS: "any other tag brings the file", "任何别的标签都得到文件";
    OTHER_TAGS_LOOK: "how you compare: the whole tag with its quotes, and not a part of it", "怎样比较：整个标签连同引号，而不是它的一部分";
    FILE_CHANGES: "when the file changes, so does its tag", "文件一变，标签就变";
    FILE_CHANGES_LOOK: "what the tag is made of: the length is not enough, nor is the time alone, nor whole seconds; and \
                        it is made anew for each request",
        "标签由什么算出：只用长度不够，只用时间不够，精确到秒也不够；而且每次请求都要重新算";
    EMPTY_FILE_LOOK: "what you do with a length of 0", "长度为 0 时怎样做";
    HEAD_TOO: "HEAD is answered as GET is, without a body", "HEAD 与 GET 一样回答，只是没有正文";
    HEAD_TOO_LOOK: "whether HEAD goes the same way as GET", "HEAD 是否走和 GET 同样的路";
    AN_ETAG: "a field ETag, with its value in quotes", "ETag 字段，值加引号";
    SAME_TAG: "the same tag as before: {}", "与之前相同的标签：{}";
    ANOTHER_TAG: "another tag than before: the file has changed", "与之前不同的标签：文件已经变了";
    NO_LENGTH_OF_0: "no Content-Length, or that of the file: in a 304 it never means 0", "没有 Content-Length，或者是文件的长度：在 304 里它从不表示 0";
    STILL_GOOD_COMPARE: "src/http/conditional.rs, which knows four more conditions and their order, and \
                         src/site/facts.rs, where a tag is weak as long as a change could go unnoticed.",
        "src/http/conditional.rs：它还认识另外四种条件以及它们的先后次序；src/site/facts.rs：只要文件还可能在不知不觉间变化，标签就是弱的。";

    // ---- 7

    LAST_BYTES: "The last bytes", "最后几个字节";
    LAST_FIVE: "bytes=-5 brings the last five bytes, and says which they are", "bytes=-5 得到最后五个字节，并说明是哪几个";
    LAST_FIVE_LOOK: "status, Content-Range and Content-Length of the part: both ends lie inside the range",
        "这一部分的状态码、Content-Range 和 Content-Length：范围的两端都算在内";
    MORE_THAN_THERE_IS: "if more is asked for than there is, all of it comes, with 206", "要得比文件还多，就用 206 送全部";
    MORE_THAN_THERE_IS_LOOK: "length - count, when count is larger: saturating_sub", "count 比 length 大时的 length - count：用 saturating_sub";
    LARGER_THAN_NUMBERS: "also if it is more than a number can hold", "数字大得装不下，也是如此";
    LARGER_THAN_NUMBERS_LOOK: "what you do when parse fails: digits that do not fit are a large number, and no mistake \
                               of the client",
        "parse 失败时怎么办：装不下的一串数字只是很大，并不是客户端写错了";
    LAST_NONE: "bytes=-0 brings 416, and says how long the file is", "bytes=-0 得到 416，并说明文件有多长";
    LAST_NONE_LOOK: "a count of 0: Content-Range: bytes */1000 (RFC 9110, 15.5.17)", "数目为 0：Content-Range: bytes */1000（RFC 9110, 15.5.17）";
    MALFORMED_RANGES: "what is malformed, or of another unit, is ignored: 200 and the file", "格式不对或单位不同的不予理会：200 和整个文件";
    MALFORMED_RANGES_LOOK: "how you read the value: the unit bytes, =, -, and then digits and nothing else; parse takes \
                            a sign, too",
        "怎样读这个值：单位 bytes、=、-，然后只能是数字；parse 还会接受正负号";
    RANGE_OF_EMPTY_LOOK: "a length of 0: there is no last byte that Content-Range could name", "长度为 0：没有最后一个字节可供 Content-Range 说明";
    RANGE_OF_EMPTY: "200 and nothing, or 416 with Content-Range: bytes */0 (for bytes=-0: 416)",
        "200 和空的正文，或者 416 和 Content-Range: bytes */0（bytes=-0 时为 416）";
    NO_CONTENT_RANGE: "no field Content-Range in a 200", "200 里没有 Content-Range 字段";
    WITHOUT_RANGE: "without a Range, and for HEAD, all is as before", "没有 Range 时，以及对 HEAD，一切照旧";
    WITHOUT_RANGE_LOOK: "for which requests you look at the field: Range is for GET alone (RFC 9110, 14.2)",
        "对哪些请求才看这个字段：Range 只对 GET 有意义（RFC 9110, 14.2）";
    LAST_BYTES_COMPARE: "src/http/range.rs, which understands all three kinds of range, and several at once; the bytes as \
                         they are sent are in tests/wire/range-suffix.txt.",
        "src/http/range.rs：三种形式的范围它都懂，还能一次处理几个；实际传输的字节见 tests/wire/range-suffix.txt。";

    // ---- 8

    CHUNKS: "In chunks", "一块一块";
    TWO_CHUNKS: "two chunks become one content", "两块合成一份内容";
    TWO_CHUNKS_LOOK: "what comes behind the head: a size in hexadecimal, CR LF, so many bytes, CR LF; 0 ends it",
        "头部后面是什么：十六进制的块大小、CR LF、这么多字节、CR LF；0 表示结束";
    CHUNK_PIECES: "however the bytes come: at once, one by one, cut anywhere", "字节一次全到、逐个到、断在任何地方都行";
    CHUNK_PIECES_LOOK: "what you keep: some of the body may come together with the head, and a CR without its LF",
        "保留了什么：正文的开头可能和头部一起到达，CR 也可能先于 LF 到达";
    ANY_CONTENT: "whatever the content looks like", "内容长什么样都行";
    ANY_CONTENT_LOOK: "how you find the end of a chunk: by counting, and never by searching", "怎样找到一块的末尾：靠数，绝不靠查找";
    SIZE_FORMS: "sizes in either case, with zeros before them and an extension behind them", "块大小可以大写或小写，前面有零，后面有扩展";
    SIZE_FORMS_LOOK: "how you read a size: hexadecimal digits up to a semicolon; the last is any number of zeros",
        "怎样读块大小：分号之前的十六进制数字；最后一块可以是任意多个零";
    TRAILERS: "trailer fields behind the last chunk are read and ignored", "最后一块之后的尾部字段要读掉，不予理会";
    TRAILERS_LOOK: "what comes behind the size 0: lines up to an empty one", "块大小 0 的后面：一行一行，直到空行";
    CODING_IN_ANY_CASE_LOOK: "how you compare the field’s name, and its value: neither depends on upper and lower case \
                              (RFC 9112, 7)",
        "怎样比较字段名和它的值：两者都不区分大小写（RFC 9112, 7）";
    MALFORMED_SIZES: "a size that is none: 400", "块大小不是数：400";
    MALFORMED_SIZES_LOOK: "what counts as a size: hexadecimal digits, at least one, no sign; its line ends with CR LF. \
                           from_str_radix takes a sign, too",
        "什么才算块大小：至少一个十六进制数字，没有正负号，以 CR LF 结束。from_str_radix 还会接受正负号";
    MALFORMED_CHUNKS: "a chunk that does not end where its size says: 400", "块不在块大小所说的地方结束：400";
    MALFORMED_CHUNKS_LOOK: "the two bytes behind a chunk: CR and LF, and nothing else", "块后面的两个字节：必须是 CR 和 LF";
    WHOLE_FIRST: "the answer comes when the body is whole", "正文完整之后才回答";
    WHOLE_FIRST_LOOK: "where the body ends: behind the empty line, and not behind the size 0", "正文在哪里结束：在空行之后，而不是在块大小 0 之后";
    TWO_LENGTHS: "Content-Length and Transfer-Encoding together: 400", "同时有 Content-Length 和 Transfer-Encoding：400";
    TWO_LENGTHS_LOOK: "a head that says twice where the body ends: refuse it, whichever comes first (RFC 9112, 6.3)",
        "头部两次说明正文在哪里结束：拒绝，不论哪一个在前（RFC 9112, 6.3）";
    A_MILLION: "a million bytes are taken", "一百万字节照收";
    A_MILLION_LOOK: "the limit: exactly a million is not too much", "上限：刚好一百万并不算多";
    MORE_THAN_A_MILLION: "of more, 413, without waiting for the bytes", "再多就是 413，不等那些字节到来";
    MORE_THAN_A_MILLION_LOOK: "when you compare: as soon as a size is known, with all that has come before",
        "何时比较：一知道块大小就比，连同之前收到的一起算";
    HUGE_SIZES: "sizes that no number holds are refused", "大得装不下的块大小被拒绝";
    HUGE_SIZES_LOOK: "what you do when the size does not fit: 400 or 413, and no unwrap(); reserve no memory for what a \
                      client has announced",
        "块大小装不下时怎么办：400 或 413，不能 unwrap()；不要按客户端报的数预留内存";
    SECOND_CHUNK_HUGE: "so is a second chunk of FFFFFFFFFFFFFFFF", "第二块的大小为 FFFFFFFFFFFFFFFF，也被拒绝";
    SECOND_CHUNK_HUGE_LOOK: "the sum of the sizes: an addition may overflow. Compare the size with what is left of the \
                             limit, or use checked_add",
        "块大小之和：加法可能溢出。拿块大小和剩下的额度比较，或者用 checked_add";
    NEVER_ENDS: "a line or trailer fields without end are refused", "没完没了的一行或尾部字段被拒绝";
    NEVER_ENDS_LOOK: "what bounds a line and the number of trailer fields: of more than 32 kB, 400 or 431",
        "一行的长度和尾部字段的数目有没有上限：超过 32 kB 就是 400 或 431";
    BODY_VANISHES: "clients that vanish in the middle of a body do not end the server", "客户端在正文中途消失，服务器继续运行";
    BODY_VANISHES_LOOK: "what becomes of the end of the stream in the middle of a chunk: it ends this connection and \
                         nothing else",
        "块的中间遇到流的结尾会怎样：只结束这一个连接，别的都不受影响";
    CHUNKS_COMPARE: "src/http/chunked.rs: the same rules for a decoder that may be stopped after any byte, and \
                     src/http/framing.rs for why two statements of a length are an attack.",
        "src/http/chunked.rs：同样的规则，不过解码器可以停在任何一个字节之后；为什么两处长度说明是一种攻击，见 src/http/framing.rs。";

    // ---- 9

    SLOW: "Slow is not silent", "慢不等于沉默";
    AS_STAGE_9: "requests on one connection are answered as before", "同一连接上的请求照常得到响应";
    AS_STAGE_9_LOOK: "what the stage did: several requests on one connection, also two that come together",
        "原来的阶段怎样做：一个连接上可以有几个请求，两个一起到达也行";
    CLOSE_IN_ANY_CASE_LOOK: "how you find Connection: close: in any case, with or without a space behind the colon \
                             (RFC 9110, 5.1)",
        "怎样找 Connection: close：大小写不限，冒号后有没有空格都行（RFC 9110, 5.1）";
    UNHURRIED: "who takes half a second over a request gets the file", "用半秒钟发完请求的照样得到文件";
    UNHURRIED_LOOK: "the limit: two seconds for the whole head", "时限：整个头部两秒";
    TWO_CRAWL: "when two clients send a byte now and then, a third is served after about two seconds",
        "两个客户端一个字节一个字节地发，第三个大约两秒后得到服务";
    TWO_CRAWL_LOOK: "the deadline: it is that of the whole head, and each read gets what is left of it; then 408. And \
                     close(): whoever goes on sending must not hold you there either",
        "最后期限：它属于整个头部，每次读取只得到剩下的时间；到了就是 408。还有 close()：继续发送的客户端也不能把你留在那里";
    OWN_CLOCKS: "the clock begins with the first byte of each request, and not before", "从每个请求的第一个字节起算，不能更早";
    OWN_CLOCKS_LOOK: "when the clock begins: an idle client may be silent for five seconds, as before, and the next \
                      request has two seconds of its own",
        "何时开始计时：空闲的客户端仍可沉默五秒，下一个请求有它自己的两秒";
    SECOND_BEGUN: "also for a request that began together with the one before", "和前一个请求一起开始的请求也一样";
    SECOND_BEGUN_LOOK: "bytes that were read and belong to the next request: it has begun", "已经读到、属于下一个请求的字节：那个请求已经开始";
    WHILE_TWO_CRAWL: "this client came while two slow ones held both threads", "这时另有两个慢的客户端占住了两个线程";
    A_408: "status 408, and then the end of the connection", "状态码 408，然后连接结束";
    TWO_SECONDS_GIVEN: "two seconds for the head; the connection ended after {}", "头部有两秒时间；连接在 {} 秒后结束";
    SLOW_COMPARE: "src/server/connection/mod.rs, request_is_late, and tests/it/abuse.rs, where clients like these and \
                   worse ones come by the thousand.",
        "src/server/connection/mod.rs 里的 request_is_late，以及 tests/it/abuse.rs：那里有成千上万个这样的、甚至更恶劣的客户端。";

    // ---- 10

    EVENT_LOOP: "An event loop that serves files", "送文件的事件循环";
    SERVES_FILES: "GET brings the file and its length; what is not there, 404", "GET 得到文件和它的长度；不存在的得到 404";
    SERVES_FILES_LOOK: "the response: HTTP/1.1 200 OK, Content-Length, a blank line, the file, and the end of the \
                        connection",
        "响应：HTTP/1.1 200 OK、Content-Length、空行、文件，然后连接结束";
    EMPTY_BODY_LOOK: "the state behind the head: with nothing left to send it must go on, too", "头部之后的状态：没有东西可发时也要继续走下去";
    STAYS_INSIDE: ".. and links that lead out of the folder are refused", ".. 和通到文件夹外面的链接都被拒绝";
    STAYS_INSIDE_LOOK: "how the path is found: refuse .., and compare the real path (canonicalize) with the folder",
        "怎样确定路径：拒绝 ..，再拿真实路径（canonicalize）和文件夹比较";
    LARGE_FILE: "a large file comes whole, whoever else is served meanwhile", "大文件完整送到，同时还有别的客户端";
    LARGE_FILE_LOOK: "what you remember when write takes a part: how much of the piece is sent, and where the next \
                      begins",
        "write 只收下一部分时记住了什么：这一段已发出多少，下一段从哪里开始";
    TWENTY_STALL: "twenty clients that do not read hold up nobody", "二十个不读的客户端不耽误别人";
    TWENTY_STALL_LOOK: "WouldBlock: go back to the loop and wait for the next event; keep one piece of each file and \
                        not all of it; and let go of whoever has vanished",
        "WouldBlock：回到循环里等下一个事件；每个文件只留一段在内存里，不要全部读入；消失的客户端要清理掉";
    WHILE_TWENTY_STALL: "this was while twenty clients had asked for 64 MB each and read nothing",
        "这时有二十个客户端各要 64 MB，却一点也不读";
    ALL_OF_LARGE: "a head and {} bytes once the client reads; {} bytes of the body came", "客户端一开始读，就得到头部和 {} 个字节；正文到了 {} 个字节";
    TAKES_MEMORY: "it takes {} MB of memory", "占用 {} MB 内存";
    LESS_THAN_100: "less than 100 MB: a piece of each file at a time, not all of it", "不到 100 MB：每个文件一次只留一段，而不是全部";
    HAS_THREADS: "it has {} threads", "有 {} 个线程";
    ONE_THREAD: "one thread", "只有一个线程";
    RAN_FOR: "it ran for {} ms of a second in which nobody could be served", "在没有人可服务的一秒里运行了 {} 毫秒";
    TO_SLEEP: "to sleep until somebody reads", "一直睡到有人来读";
    NO_PROC: "Not looked at on this system: threads, memory and processor time.", "在这个系统上没有检查：线程数、内存和处理器时间。";
    EVENT_LOOP_COMPARE: "src/server/transmit.rs, where the kernel sends the file by itself, and src/server/worker.rs, the \
                         loop around it. What is left is in src/lib.rs, with an order to read it in.",
        "src/server/transmit.rs：在那里由内核自己送文件；src/server/worker.rs：外面的那个循环。其余的在 src/lib.rs，那里有一个阅读的顺序。";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, commands and digits, which are the same in both.
    const THE_SAME: [&str; 2] = ["BEGIN_WITH", "HEAD"];

    #[test]
    fn each_text_is_there_in_chinese() {
        for text in ALL {
            assert!(!text.zh.is_empty(), "{} has no Chinese", text.name);
            let is_chinese = text.zh.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
            assert!(is_chinese || THE_SAME.contains(&text.name), "{} is not Chinese: {}", text.name, text.zh);
        }
    }

    #[test]
    fn both_languages_have_the_same_places_to_fill_in() {
        for text in ALL {
            let count = |text: &str| text.matches("{}").count();
            assert_eq!(count(text.en), count(text.zh), "{}", text.name);
        }
    }

    #[test]
    fn names_are_used_once() {
        let mut names: Vec<_> = ALL.iter().map(|text| text.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn what_has_no_chinese_is_said_in_english() {
        let text = Text { name: "X", en: "{} of {}", zh: "" };
        assert_eq!(text.with(["1", "2"]).in_language(Language::Chinese), "1 of 2");
    }

    #[test]
    fn the_first_locale_that_is_set_counts() {
        let of = |values: [&str; 3]| Language::of_locales(&values.map(str::to_owned));
        assert_eq!(of(["", "", ""]), Language::English);
        assert_eq!(of(["", "", "zh_CN.UTF-8"]), Language::Chinese);
        assert_eq!(of(["C", "", "zh_CN.UTF-8"]), Language::English);
        assert_eq!(of(["", "zh_TW", "en_GB.UTF-8"]), Language::Chinese);
    }
}
