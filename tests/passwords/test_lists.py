"""Lists of passwords: the one that comes along, and an operator's, as words in memory or as hashes on disk."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.passwords.lists import HashFile, WordList, commonest, open_blocklist
from gatepost.kernel.errors import ConfigurationError, Unavailable
from tests.passwords.hostile import digest


def hashes(path: Path, words: list[str], end: str = ":3\r\n") -> Path:
    path.write_bytes("".join(f"{one}{end}" for one in sorted(map(digest, words))).encode())
    return path


def test_the_list_that_comes_along_has_ten_thousand_words_of_a_length_that_may_be_chosen() -> None:
    assert len(commonest()) == 10_000
    for word in ("password", "PassWord", "1234567890", "iloveyou1", "qwertyuiop"):
        assert word in commonest()
    for word in ("correct horse battery", "a long enough phrase", "", "dragon", "passwor"):
        assert word not in commonest()


def test_the_list_that_comes_along_is_small_in_memory() -> None:
    assert sys.getsizeof(commonest()._digests) < 100_000


def test_case_and_composition_do_not_make_a_password_uncommon() -> None:
    found = WordList(["Pâssword", "STRASSE"])
    assert "pa\u0302ssword" in found
    assert "PÂSSWORD" in found
    assert "straße" in found
    assert "passwort" not in found


@given(st.lists(st.text(min_size=1)), st.text())
def test_a_list_holds_its_words_and_no_other(words: list[str], other: str) -> None:
    found = WordList(words)
    assert all(word in found for word in words)
    folded = {WordList([word])._digests[0] for word in words}
    assert (other in found) == (WordList([other])._digests[0] in folded)


def test_a_file_of_words_is_read_whatever_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_bytes(
        "\ufeffHouse of Cards\r\n\r\nspaces at the end  \nœuvre d'art\n".encode() + b"\xff\xfe broken\nlast"
    )
    found = open_blocklist(path)
    for word in ("house of cards", "spaces at the end  ", "ŒUVRE D'ART", "last"):
        assert word in found
    assert "spaces at the end" not in found
    assert isinstance(found, WordList)
    assert len(found) == 5


@pytest.mark.parametrize("end", [":3\r\n", ":3\n", "\n", ":123456789012\n"])
def test_a_password_is_found_on_disk_by_its_hash(tmp_path: Path, end: str) -> None:
    words = [f"password number {number}" for number in range(2000)]
    found = open_blocklist(hashes(tmp_path / "hashes", words, end))
    assert isinstance(found, HashFile)
    assert all(word in found for word in words)
    assert not any(f"another {number}" in found for number in range(2000))
    assert "PASSWORD NUMBER 1" not in found  # a hash is of one spelling
    found.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_the_first_and_the_last_of_a_short_file_are_found(tmp_path: Path, count: int) -> None:
    words = [f"word {number}" for number in range(count)]
    path = hashes(tmp_path / "hashes", words)
    path.write_bytes(path.read_bytes().rstrip())  # a last line without an end
    found = open_blocklist(path)
    assert all(word in found for word in words)
    assert "elsewhere" not in found
    found.close()


def test_a_file_of_hashes_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "hashes"
    with path.open("wb") as file:
        for number in range(100_000):
            file.write(b"%040X:1\n" % (number << 140))
    found = open_blocklist(path)
    assert isinstance(found, HashFile)
    assert "nothing of it" not in found
    found.close()


def test_hashes_ordered_by_count_stop_the_start(tmp_path: Path) -> None:
    path = tmp_path / "hashes"
    path.write_text("".join(f"{digest(str(number))}:{9999 - number}\n" for number in range(500)))
    with pytest.raises(ConfigurationError, match="order"):
        open_blocklist(path)


def test_a_file_that_goes_on_otherwise_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "hashes"
    path.write_text(f"{'0' * 40}:1\n" + "some words\n" * 1000)
    with pytest.raises(ConfigurationError, match="otherwise"):
        open_blocklist(path)


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_PASSWORD_BLOCKLIST"):
        open_blocklist(tmp_path / name)


def test_a_file_of_words_that_would_fill_the_memory_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "words"
    with path.open("wb") as file:
        file.write(b"word\n")
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match="16 MiB"):
        open_blocklist(path)


def test_a_file_that_was_cut_while_it_is_used_answers_nothing(tmp_path: Path) -> None:
    path = hashes(tmp_path / "hashes", [f"word {number}" for number in range(1000)])
    found = open_blocklist(path)
    path.write_bytes(b"")
    with pytest.raises(Unavailable):
        _ = "word 1" in found
    found.close()
