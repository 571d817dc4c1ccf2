"""One comment on a pull request at GitHub: updated where it is there, else created.

https://docs.github.com/en/rest/issues/comments, https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from mlops.failure import CommandError
from mlops.review.comment import MARKER

API_VERSION = "2022-11-28"
PER_PAGE = 100
TIMEOUT_SECONDS = 30
# https://docs.github.com/en/rest/issues/comments#create-an-issue-comment: 65536 characters at most.
LONGEST = 65536
NOT_FOR_APPS = (403, 404)
ADVICE = {
    401: "the token is not valid, or has expired: put a new one into the credential that the job uses",
    403: "the token may not write comments, or asks too often: it needs Issues and Pull requests, read and write",
    404: "there is no such pull request, or the token does not see the repository: give it access to the repository",
    422: "GitHub takes neither this text nor this number: see whether the pull request is locked",
}


def publish(text: str, *, api_url: str, repository: str, number: int, token: str) -> str:
    """Write the comment and return its address; raises :class:`CommandError` that says what to do."""
    pull_request = _PullRequest(api_url.rstrip("/"), repository, number, token)
    body = {"body": text[:LONGEST]}
    known = pull_request.own_comment()
    if known is None:
        made = pull_request.ask("POST", f"/repos/{repository}/issues/{number}/comments", body)
    else:
        made = pull_request.ask("PATCH", f"/repos/{repository}/issues/comments/{known}", body)
    return str(made.json()["html_url"])


@dataclass(frozen=True)
class _PullRequest:
    api_url: str
    repository: str
    number: int
    token: str = field(repr=False)

    def own_comment(self) -> int | None:
        """The comment that this token's owner wrote before.

        Anybody may write the marker; who wrote a comment may edit it, so a review in a stranger's comment is worthless.
        """
        login = self._login()
        for comment in self._comments():
            author = comment.get("user") or {}
            is_own = author.get("login") == login if login else author.get("type") == "Bot"
            if is_own and str(comment.get("body", "")).startswith(MARKER):
                return int(comment["id"])
        return None

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, also: tuple[int, ...] = ()
    ) -> requests.Response:
        """The answer to a request; raises :class:`CommandError` for failures but those that are expected too."""
        url = path if path.startswith(f"{self.api_url}/") else f"{self.api_url}{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        where = f"the comment on pull request {self.number} of {self.repository}"
        try:
            answer = requests.request(
                method, url, json=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise CommandError(
                f"{where}: {self.api_url} cannot be reached ({type(error).__name__}): may the agent go there?"
            ) from None
        if answer.status_code in also or (answer.ok and not answer.is_redirect):
            return answer
        advice = ADVICE.get(answer.status_code, "GitHub has a problem of its own: build again later")
        if answer.is_redirect:
            advice = "the repository has another name now: scan the multibranch project again"
        raise CommandError(f"{where}: GitHub answers {answer.status_code}: {advice}")

    def _login(self) -> str | None:
        """Who the token belongs to; None for an app's, which may not ask and writes as a bot."""
        answer = self.ask("GET", "/user", also=NOT_FOR_APPS)
        return str(answer.json()["login"]) if answer.ok else None

    def _comments(self) -> Iterator[dict[str, Any]]:
        page = f"/repos/{self.repository}/issues/{self.number}/comments?per_page={PER_PAGE}"
        while page:
            answer = self.ask("GET", page)
            yield from answer.json()
            page = answer.links.get("next", {}).get("url", "")
            if page and not page.startswith(f"{self.api_url}/"):
                raise CommandError(
                    f"GitHub's next page is not under {self.api_url}: GITHUB_API_URL is not its own name"
                )
