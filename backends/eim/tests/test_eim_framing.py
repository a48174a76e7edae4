"""Messages come out of a stream whole, however it was cut and whatever stands in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_eim.framing import FrameReader, FrameTooLong, NoFrame
from ei_runner_eim.lines import LineReader

NASTY = st.text(alphabet='{}[]"\\:,\n\0 aé\u2028😀', max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.dictionaries(NASTY, VALUES, max_size=4)
ENDS = st.sampled_from([b"\n\0", b"\n", b"\0", b"", b"\r\n", b"  \n\0\0\n"])


@st.composite
def streams(draw):
    """Messages in any layout, what a stream of them looks like, and where it is cut."""
    messages = draw(st.lists(MESSAGES, min_size=1, max_size=4))
    stream = b"".join(
        json.dumps(
            message, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2]))
        ).encode()
        + draw(ENDS)
        for message in messages
    )
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return messages, [
        stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
    ]


def read_all(reader, pieces):
    for piece in pieces:
        reader.feed(piece)
        while (message := reader.next()) is not None:
            yield json.loads(message)


@given(streams())
def test_every_message_comes_out_once_and_in_order(stream):
    messages, pieces = stream
    assert list(read_all(FrameReader(1 << 20, strict=True), pieces)) == messages


@given(streams(), st.sampled_from([b"loading\n", b"100 %", b" ] \n\n"]))
def test_what_stands_between_messages_is_dropped_where_it_may(stream, noise):
    messages, pieces = stream
    assert list(read_all(FrameReader(1 << 20), [noise, *pieces, noise])) == messages


def test_noise_without_end_neither_fills_the_memory_nor_is_searched_again():
    reader = FrameReader(1 << 16)
    assert list(read_all(reader, [b"x" * 1000] * 10_000)) == []
    assert list(read_all(reader, [b'{"id":1}'])) == [{"id": 1}]


@pytest.mark.parametrize("between", [b"garbage", b" ", b"1", b"\0\0"])
def test_objects_on_one_line_are_told_apart(between):
    reader = FrameReader(1 << 16)
    stream = b'{"id":1,"x":{}}' + between + b'{"id":{"y":2}}\n'
    expected = [{"id": 1, "x": {}}, {"id": {"y": 2}}]
    assert list(read_all(reader, [stream])) == expected


def test_a_message_of_many_megabytes_is_not_scanned_over_and_over():
    message = json.dumps({"id": 1, "freeform": [list(range(1_000_000))]}).encode()
    reader = FrameReader(64 << 20, strict=True)
    pieces = [message[at : at + 4096] for at in range(0, len(message), 4096)]
    assert len(list(read_all(reader, [*pieces, b"\n"]))) == 1
    assert len(list(read_all(reader, pieces))) == 1, "also without an end of line"


def test_anything_else_than_a_message_is_refused_at_once_where_nothing_else_may_come():
    reader = FrameReader(1 << 20, strict=True)
    reader.feed(b"\n\0 Segmentation")
    with pytest.raises(NoFrame) as caught:
        reader.next()
    assert caught.value.text == b"Segmentation"


@pytest.mark.parametrize("begin", [b'{"id":1,"x":"', b'{"id":[[1,'])
def test_what_never_ends_is_refused_before_it_fills_the_memory(begin):
    reader = FrameReader(1 << 16)
    feeds = 0

    def feed_on() -> None:
        nonlocal feeds
        while feeds < 100:
            reader.feed(begin + b"x" * 1000)
            feeds += 1
            assert reader.next() is None

    with pytest.raises(FrameTooLong):
        feed_on()
    assert feeds <= 66


def test_many_messages_that_nobody_took_yet_are_not_too_long():
    reader = FrameReader(100, strict=True)
    reader.feed(b'{"id":1}\n\0' * 50)
    assert sum(1 for _ in read_all(reader, [b""])) == 50


@given(
    st.lists(MESSAGES.map(lambda message: {"id": 1, **message}), min_size=1, max_size=4),
    st.lists(st.sampled_from([b"loading", b"took {3} ms", b"tensor {", b'say "', b"100 %"])),
    st.lists(st.integers(1, 40), max_size=12),
)
def test_answers_come_out_of_whatever_else_a_program_prints(messages, chatter, sizes):
    lines = [json.dumps(message).encode() for message in messages]
    stream = b"".join(
        b"".join(text + b"\n" for text in chatter[position::3]) + line + b"\n"
        for position, line in enumerate(lines)
    )
    said = []
    reader = LineReader(1 << 20, said.append)
    pieces = [stream[: sum(sizes[:1])], stream[sum(sizes[:1]) :]]
    assert list(read_all(reader, pieces)) == messages
    assert len(said) == sum(len(chatter[position::3]) for position in range(len(lines)))


def test_an_answer_may_follow_on_the_line_of_something_else():
    reader = LineReader(1 << 20)
    assert list(read_all(reader, [b'loading... {"id": 1, "success": true}\n'])) == [
        {"id": 1, "success": True}
    ]


def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory():
    reader = LineReader(1 << 16)
    with pytest.raises(FrameTooLong):
        list(read_all(reader, [b"x" * 1000] * 100))
