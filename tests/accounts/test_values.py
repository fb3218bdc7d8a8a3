"""Secrets of keys, links and second factors as values: how long they are, what their hashes depend on, which codes are good when."""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from pyotp import TOTP

from webapp.accounts.values import (
    CODE_LETTERS,
    CODE_SALT,
    PREFIX_LENGTH,
    RESET_SALT,
    SECRET,
    device_of,
    digest_of,
    is_common,
    is_leaked,
    is_within,
    new_password,
    new_recovery_codes,
    new_reset_token,
    new_secret,
    new_totp_secret,
    otpauth_uri,
    password_problem,
    recovery_digest,
    slug_of,
    team_window,
    totp_step,
)

SERVER = "s" * 40
SOMEBODY, ANOTHER = UUID(int=1), UUID(int=2)
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The shared secret of the test vectors of RFC 6238, appendix B, in Base32; its codes have eight digits there, ours the last six."""


def test_a_new_key_is_found_by_its_prefix_and_kept_as_its_hash():
    made, other = new_secret(SERVER), new_secret(SERVER)
    assert SECRET.match(made.text)
    assert (made.prefix, len(made.prefix)) == (made.text[:PREFIX_LENGTH], 12)
    assert made.digest == digest_of(made.text, SERVER)
    assert len({made.text, other.text, made.prefix, other.prefix}) == 4


def bits(text):
    return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) * 8


def test_what_is_to_be_hard_to_guess_is_as_long_as_is_said():
    assert bits(new_secret(SERVER).text.removeprefix("pb_")) == 256
    assert bits(new_reset_token()) == 256
    assert bits(new_password()) == 120
    assert len(base64.b32decode(new_totp_secret())) * 8 == 160
    for make in (new_reset_token, new_password, new_totp_secret):
        assert len({make() for _ in range(20)}) == 20


def test_the_hash_of_a_key_stays_what_it_is_in_the_database():
    """A vector worked out with openssl: HMAC-SHA-256 under the HMAC of the salt. Another one would shut out every key there is."""
    assert digest_of("pb_example", "server").hex() == "71674ae15b41446438a86cf43703eef1f4067f81daec7eeff2ba9a1f5798dec0"
    assert digest_of("pb_example", "server", RESET_SALT).hex() == "66672e5b53a71f4300b4c152c25b843e358cabd80251041711894aa007b4ed5d"


def test_recovery_codes_are_ten_different_ones_in_letters_that_are_not_mistaken():
    codes = new_recovery_codes()
    assert len(set(codes)) == len(codes) == 10
    assert all(re.fullmatch(f"[{CODE_LETTERS}]{{5}}-[{CODE_LETTERS}]{{5}}", code) for code in codes)
    assert not set("ilo01") & set(CODE_LETTERS)


def test_a_recovery_code_is_the_same_however_it_is_typed_and_is_one_person_s():
    kept = recovery_digest("k7m2p-x9qrw", SOMEBODY, SERVER)
    for typed in ("K7M2P-X9QRW", " k7m2p x9qrw ", "k7m2px9qrw", "k-7-m-2-p_x9qrw"):
        assert recovery_digest(typed, SOMEBODY, SERVER) == kept, typed
    assert kept == digest_of(f"{SOMEBODY}:k7m2px9qrw", SERVER, CODE_SALT), "as codes are kept that people have printed"
    others = {recovery_digest("k7m2p-x9qrv", SOMEBODY, SERVER), recovery_digest("k7m2p-x9qrw", ANOTHER, SERVER),
              recovery_digest("k7m2p-x9qrw", SOMEBODY, "t" * 40), digest_of(f"{SOMEBODY}:k7m2px9qrw", SERVER)}
    assert len(others | {kept}) == 5


@pytest.mark.parametrize(("second", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_codes_by_time_are_those_of_the_rfc(second, code):
    assert totp_step(SEED, code, datetime.fromtimestamp(second, UTC)) == second // 30


@pytest.mark.parametrize(("seconds", "good"), [(-31, False), (-30, True), (-1, True), (0, True), (29, True), (30, True), (59, True), (60, False)])
def test_a_code_is_good_in_its_step_the_one_before_and_the_one_after(seconds, good):
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    code, step = TOTP(SEED).at(start), int(start.timestamp()) // 30
    assert totp_step(SEED, code, start + timedelta(seconds=seconds)) == (step if good else None)


def test_a_code_of_long_ago_is_none():
    assert totp_step(SEED, "287082", datetime.fromtimestamp(59 + 30 * 5, UTC)) is None


@pytest.mark.parametrize("code", ["", "28708", "2870820", "287082 ", "28708x", "٢٨٧٠٨٢"])
def test_what_is_no_code_is_none(code):
    assert totp_step(SEED, code, datetime.fromtimestamp(59, UTC)) is None


def test_apps_read_who_and_where_from_the_address():
    found = urlsplit(otpauth_uri(SEED, "ada@example.com"))
    assert (found.scheme, found.netloc, found.path) == ("otpauth", "totp", "/Patchboard:ada%40example.com")
    asked = parse_qs(found.query)
    assert (asked["secret"], asked["issuer"]) == ([SEED], ["Patchboard"])
    assert asked.get("period", ["30"]) == ["30"]


@pytest.mark.parametrize(("password", "email", "said"), [
    ("x" * 11, "a@example.com", "A password has 12 characters or more."), ("ä" * 37, "a@example.com", "A password has 72 bytes at most."),
    ("Ada.Lovelace 1815", "ADA.lovelace@example.com", "A password must not be like the e-mail address."),
    ("lovelace@example", "ada.LOVELACE@example.com", "A password must not be like the e-mail address."),
    ("quill of noon", "quil@example.com", "A password must not be like the e-mail address."),
    ("password1234", "a@example.com", "This password is too common: others try it first."),
    ("dragonmonkey12", "a@example.com", "This password is too common: others try it first.")])
def test_why_a_password_will_not_do(password, email, said):
    assert password_problem(password, email) == said


@pytest.mark.parametrize(("password", "email"), [("twelve chars", "a@example.com"), ("lantern-orbit" + "äbcdef" * 8 + "ghi", "a@example.com"),
                                                 ("ada on the quartz", "ada@example.com")])
def test_lengths_and_short_names_that_will_do(password, email):
    assert password_problem(password, email) is None


@pytest.mark.parametrize(("password", "common"), [("passwordqzjxvk", False), ("passwordqzjxv", True), ("PASSWORDqzjxvk", False), ("qzjxvqzjxvqz", False),
                                                  ("qzjxqzjxqzjx", True), ("QWERTYuiopAsdf", True)])
def test_what_is_left_without_common_words_has_to_be_six_letters_and_five_different_ones(password, common):
    assert is_common(password) is common


@pytest.mark.parametrize(("password", "leaked"), [("leavemealone", True), ("LeaveMeAlone!99", True), ("dragonmonkey", True), ("monkeydragon2026", True),
                                                  ("dragonlove", True), ("lovedragon", True), ("dragonqzjxvk", False), ("qzjxvkdragon", False)])
def test_leaked_ones_and_two_of_them_in_a_row(password, leaked):
    assert is_leaked(password) is leaked


@pytest.mark.parametrize(("inner", "outer", "within"), [
    ([], ["0.0.0.0/0"], False), (["10.0.0.1"], [], False), (["10.0.0.0/8"], ["10.0.0.0/8"], True), (["10.0.0.0/8"], ["10.0.0.0/9"], False),
    (["10.0.0.1", "11.0.0.1"], ["10.0.0.0/8"], False), (["10.0.0.1", "11.0.0.1"], ["11.0.0.0/8", "10.0.0.0/8"], True), (["::1"], ["0.0.0.0/0"], False)])
def test_networks_lie_each_in_one_of_the_wider_ones(inner, outer, within):
    assert is_within(inner, outer) is within


AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


@pytest.mark.parametrize(("said", "device"), [(None, "Unknown program"), ("", "Unknown program"), ("nobody", "Unknown program"), (AGENT, "Chrome on Linux"),
                                              (AGENT + " Edg/142.0", "Edge on Linux"), ("curl/8.1", "curl"), ("Python-urllib/3.11", "Python"), ("(Android 15)", "Android")])
def test_devices_in_words(said, device):
    assert device_of(said) == device


@pytest.mark.parametrize(("name", "slug"), [("Meridian Digital", "meridian-digital"), ("--Ä & B--", "b"), ("…", "organization"), ("x" * 70, "x" * 60), ("XX", "xx")])
def test_names_as_a_part_of_an_address(name, slug):
    assert slug_of(name) == slug


def test_a_team_is_measured_over_thirty_whole_days_of_utc_wherever_the_server_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert team_window(datetime(2026, 11, 20, 15, tzinfo=UTC)) == datetime(2026, 10, 21, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()
    east = timezone(timedelta(hours=5))
    assert team_window(datetime(2026, 11, 20, 2, tzinfo=east)) == datetime(2026, 10, 20, tzinfo=UTC)
