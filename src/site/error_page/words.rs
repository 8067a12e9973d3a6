//! What error pages say, in English and in Chinese.
//!
//! English is what the rest of the server speaks: a refusal brings its own sentence. For Chinese there is one for each
//! status, and one for each cause that people meet often; where only the status is known, the English one follows.

use crate::http::accept;
use crate::http::target::Target;
use crate::http::{Refusal, Request, Status};

/// A language of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

/// The texts of a page, beside what a refusal says.
pub(super) struct Labels {
    pub(super) asked: &'static str,
    pub(super) near: &'static str,
    pub(super) above: &'static str,
    pub(super) start: &'static str,
    pub(super) host: &'static str,
    pub(super) localhost: &'static str,
    /// What can be done about it, for some causes.
    pub(super) advice: &'static [(&'static str, &'static str)],
}

const ENGLISH: Labels = Labels {
    asked: "Asked for:",
    near: "Did you mean:",
    above: "The folder above:",
    start: "Go to the start page",
    host: "The host that was asked for:",
    localhost: "On this machine it is:",
    advice: &[("listing off", "It was started with --no-listing; without that option there is a list.")],
};

const CHINESE: Labels = Labels {
    asked: "请求的是：",
    near: "您要找的是不是：",
    above: "上一级文件夹：",
    start: "回到起始页",
    host: "请求的主机：",
    localhost: "在这台机器上它是：",
    advice: &[
        ("listing off", "服务器启动时用了 --no-listing；不用这个选项就有列表。"),
        ("not this machine", "如果要允许这个主机名，启动时加上 --allow-host NAME。"),
        ("not trusted", "如果要允许这个主机名，启动时加上 --allow-host NAME。"),
        ("outside", "这个站点的一切都在起始页下面。"),
    ],
};

/// A status: its name, and what it means.
const STATUSES: &[(Status, &str, &str)] = &[
    (Status::BAD_REQUEST, "无法理解的请求", "服务器不能确定这个请求是什么意思。"),
    (Status::UNAUTHORIZED, "需要密码", "要看这里的内容，需要用户名和密码。"),
    (Status::FORBIDDEN, "不允许", "服务器不给出这个内容。"),
    (Status::NOT_FOUND, "找不到", "这里什么都没有。"),
    (Status::METHOD_NOT_ALLOWED, "方法不允许", "这个地址不接受这种请求方法。"),
    (Status::CONTENT_TOO_LARGE, "内容太大", "发来的内容超过了允许的大小。"),
    (Status::RANGE_NOT_SATISFIABLE, "没有这一段", "请求的那一段在文件末尾之后。"),
    (Status::MISDIRECTED_REQUEST, "主机不对", "这个服务器不为请求的主机应答。"),
    (Status::TOO_MANY_REQUESTS, "尝试太多", "请过一会儿再试。"),
    (Status::INTERNAL_SERVER_ERROR, "服务器出错", "服务器没能完成这个请求。"),
    (Status::SERVICE_UNAVAILABLE, "暂时不行", "服务器现在太忙，请再试一次。"),
];

/// What is meant where the status alone says too little.
const CAUSES: &[(&str, &str)] = &[
    ("listing off", "这个文件夹没有索引文件，而列表是关闭的。"),
    ("link outside", "一个链接通向所服务的文件夹之外。"),
    ("unreadable", "服务器没有权限读取它。"),
    ("special", "它既不是文件，也不是文件夹。"),
    ("outside", "这里什么都没有。"),
    ("not this machine", "这个服务器只为 localhost 应答。"),
];

impl Language {
    /// The one for who has asked: below a folder `zh` it is Chinese, and elsewhere if Accept-Language prefers that.
    pub(super) fn of(request: &Request<'_>) -> Language {
        let is_below_zh = match request.target {
            Target::Path { path, .. } => path.split(|&byte| byte == b'/').any(|segment| segment == b"zh"),
            _ => false,
        };
        let is_preferred = || {
            let languages = request.fields.combined("accept-language");
            languages.is_some_and(|languages| accept::prefers_language(&languages, "zh"))
        };
        if is_below_zh || is_preferred() { Language::Chinese } else { Language::English }
    }

    /// For the attribute `lang`, where it is not that of the page.
    pub(super) fn code(self) -> Option<&'static str> {
        (self == Language::Chinese).then_some("zh-Hans")
    }

    pub(super) fn labels(self) -> &'static Labels {
        match self {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    /// The name of a status.
    pub(super) fn name(self, status: Status) -> &'static str {
        let found = STATUSES.iter().find(|(known, ..)| *known == status);
        match (self, found) {
            (Language::Chinese, Some((_, name, _))) => name,
            _ => status.phrase(),
        }
    }

    /// What a refusal says, and whether that is all: if not, its own words follow.
    pub(super) fn sentence(self, refusal: &Refusal) -> Option<(&'static str, bool)> {
        if self == Language::English {
            return None;
        }
        let cause = CAUSES.iter().find(|(known, _)| *known == refusal.cause());
        if let Some((_, sentence)) = cause {
            return Some((sentence, true));
        }
        let (_, _, sentence) = STATUSES.iter().find(|(known, ..)| *known == refusal.status)?;
        // Of what is not there, no more is to be said.
        Some((sentence, refusal.status == Status::NOT_FOUND && refusal.cause().is_empty()))
    }

    /// What can be done about it.
    pub(super) fn advice(self, refusal: &Refusal) -> Option<&'static str> {
        let advice = self.labels().advice.iter().find(|(cause, _)| *cause == refusal.cause());
        advice.map(|(_, text)| *text)
    }
}
