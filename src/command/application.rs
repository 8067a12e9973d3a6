//! What the server asks: login, then the server's own pages, then the site.

use crate::answer::{Arrival, Begin, Response};
use crate::glass::{Answer, Glass};
use crate::http::{Refusal, Request};
use crate::server::{self, Begun};
use crate::site::Site;
use crate::site::auth::{Admission, Login};
use std::sync::Arc;

/// All that answers requests.
pub(super) struct Application {
    pub(super) login: Option<Arc<Login>>,
    pub(super) glass: Glass,
    pub(super) site: Arc<Site>,
}

impl server::Application for Application {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        let admit = |login: &Arc<Login>| login.admit(request, arrival, || self.glass.is_private(request));
        let user = match self.login.as_ref().map(admit) {
            None | Some(Admission::Unasked) => None,
            Some(Admission::Welcome(user)) => Some(user),
            Some(Admission::Later(awaited)) => return Begin::Elsewhere(awaited).into(),
            Some(Admission::Refused(response)) => return response.into(),
        };
        let (begin, is_internal) = match self.glass.begin(request, arrival) {
            Answer::Own(begin) => (begin, true),
            Answer::NotOurs => (self.site.begin(request, arrival), true),
            Answer::Elsewhere => (self.site.begin(request, arrival), false),
        };
        Begun { begin, user, is_internal }
    }

    fn refuse(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        self.site.refuse_for_server(request, refusal)
    }
}
