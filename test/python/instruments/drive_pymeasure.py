"""The board as an instrument of PyMeasure, by the class of the SCPI dialect's page."""

from board import every_address, of_page


def refusal(act):
    """What an act is refused with: the board's number, or PyMeasure's own words."""
    try:
        act()
    except ValueError as error:
        first = error.args[0]
        return first if isinstance(first, str) else first[0][0]
    raise AssertionError("it was not refused")


for address in every_address():
    names = of_page("PyMeasure", address)
    board = names["board"]
    assert len(names["conductances"]) == 256 and board.output is False
    # What SCPIMixin brings.
    assert board.id == "mho,pcm-64,EMU-5,mho-emulator 1"
    assert board.options == ["ENVIRONMENT", "REFERENCES", "BURST", "DESCRIBE", "VERIFY", "VIRTUALTIME"]
    assert board.complete == "1" and board.status == "0"
    assert board.next_error == [0, '"No error"'] and board.check_errors() == []
    board.write("FOO:BAR")
    board.write("*IDN? 5")
    assert [error[0] for error in board.check_errors()] == [-113, -108]
    board.write("FOO")
    assert board.status == "4"
    board.clear()
    assert board.next_error[0] == 0 and board.status == "0"
    # Its properties, and a value that it refuses by itself.
    assert board.averages == 16 and 0 < board.temperature < 60
    board.pulse_width = 2e-7
    assert board.pulse_width == 2e-7 and board.check_errors() == []
    assert "1000" in str(refusal(lambda: setattr(board, "averages", 1000)))
    assert refusal(lambda: board.pulse(tile=0, row=0, line=5, microamperes=350)) == -221, "standby"
    board.output = True
    board.pulse(tile=0, row=0, line=5, microamperes=390)
    assert board.conductances(0, 0)[5] < names["conductances"][5] + 5
    assert refusal(lambda: board.pulse(tile=0, row=0, line=5, microamperes=2000)) == -222, "the limit"
    board.reset()
    assert board.output is False and board.averages == 1 and board.pulse_width == 1e-7
    board.adapter.close()
    print(f"PyMeasure drove {address}")
