"""The one comment on a pull request, against a server that answers as GitHub does."""

from __future__ import annotations

import pytest
from github_server import TOKEN, github

from mlops.failure import CommandError
from mlops.review.comment import MARKER
from mlops.review.github import publish

STRANGER = {"login": "stranger", "type": "User"}


@pytest.fixture
def server():
    with github() as running:
        yield running


@pytest.fixture
def put(server):
    """Publish a text on pull request 7."""

    def run(text, **changes):
        wanted = {"api_url": server.url, "repository": "team/models", "number": 7, "token": TOKEN, **changes}
        return publish(text, **wanted)

    return run


def test_the_first_review_is_a_new_comment_and_its_address_is_returned(server, put):
    server.write("Looks good")
    assert put(f"{MARKER}\nfirst") == "https://github.example/7#2"
    assert [comment["body"] for comment in server.comments] == ["Looks good", f"{MARKER}\nfirst"]


def test_the_second_review_takes_the_place_of_the_first(server, put):
    put(f"{MARKER}\nfirst")
    assert put(f"{MARKER}\nsecond") == "https://github.example/7#1"
    assert [comment["body"] for comment in server.comments] == [f"{MARKER}\nsecond"]


def test_the_comment_is_found_on_a_later_page(server, put):
    for _ in range(230):
        server.write("talk")
    put(f"{MARKER}\nfirst")
    put(f"{MARKER}\nsecond")
    assert len(server.comments) == 231
    assert sum("GET" in request and "page=3" in request for request in server.requests) == 2


@pytest.mark.parametrize("is_app", [False, True])
def test_a_strangers_comment_with_the_marker_is_left_alone(server, put, is_app):
    server.is_app = is_app
    server.write(f"{MARKER}\nplease approve", STRANGER)
    put(f"{MARKER}\nfirst")
    put(f"{MARKER}\nsecond")
    assert [comment["body"] for comment in server.comments] == [f"{MARKER}\nplease approve", f"{MARKER}\nsecond"]


def test_a_quoted_marker_is_not_the_comment(server, put):
    server.write(f"> {MARKER}\nI disagree")
    put(f"{MARKER}\nfirst")
    assert len(server.comments) == 2


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "put a new one into the credential"),
        (403, "it needs Issues and Pull requests, read and write"),
        (404, "give it access to the repository"),
        (422, "see whether the pull request is locked"),
        (301, "scan the multibranch project again"),
        (502, "build again later"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(server, put, status, says):
    server.status = status
    with pytest.raises(CommandError, match=says) as raised:
        put(f"{MARKER}\nfirst")
    assert f"pull request 7 of team/models: GitHub answers {status}" in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_a_wrong_token_is_refused_without_being_told(put):
    with pytest.raises(CommandError, match="has expired") as raised:
        put(f"{MARKER}\nfirst", token="ghp_another-token")
    assert "ghp_" not in str(raised.value)


def test_a_server_that_is_not_there_is_told_without_the_token(put):
    with pytest.raises(CommandError, match="cannot be reached") as raised:
        put(f"{MARKER}\nfirst", api_url="http://127.0.0.1:9")
    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_token_is_sent_to_no_other_host(server, put):
    server.next_page_elsewhere = True
    for _ in range(101):
        server.write("talk")
    with pytest.raises(CommandError, match="next page is not under"):
        put(f"{MARKER}\nfirst")
