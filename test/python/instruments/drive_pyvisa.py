"""Everything that the SCPI dialect's page promises, asked with pyvisa and pyvisa-py."""

import pyvisa
from board import emulated, every_address, of_page


def after(board, message):
    """The number of the error that a message leaves, 0 for none."""
    board.write(message)
    number = int(board.query("SYST:ERR?").split(",", 1)[0])
    assert board.query("SYST:ERR:COUN?") == "0", f"{message} leaves one error"
    return number


def drive(board):
    # What is left of the page's own code.
    assert board.query("*IDN?").split(",")[:2] == ["mho", "pcm-64"]
    assert board.query("OUTP?") == "0"
    board.write("*RST;*CLS")
    assert board.query("*OPC?") == "1" and board.query("SYST:ERR?") == '0,"No error"'

    # Capabilities, and what goes with them.
    options = board.query("*OPT?").split(",")
    assert options == ["ENVIRONMENT", "REFERENCES", "BURST", "DESCRIBE", "VERIFY", "VIRTUALTIME"]
    assert board.query("SYST:CAP?").strip('"').split(",") == options
    assert board.query_ascii_values("SYST:GEOM?", converter="d") == [1, 64, 64, 4]
    assert 0 < float(board.query("MEAS:TEMP?")) < 60 and 3 < float(board.query("MEAS:SUPP?")) < 4
    assert board.query("SYST:VERS?") == "1999.0" and board.query("*TST?") == "0"

    # Standby: a question that is refused gives no answer, and an error.
    assert after(board, "MEAS? (@0!0)") == -221 and after(board, "MEAS:REF? 0") == -221
    assert after(board, "PULS (@0!0!0),350 UA") == -221
    board.write("OUTP ON")
    assert board.query("OUTP?") == "1"
    references = board.query_ascii_values("MEAS:REF? 0", converter="d")
    assert len(references) >= 2 and all(0 < code < 65535 for code in references)

    # A row, in every format.
    row = board.query_ascii_values("MEAS? (@0!0)")
    assert len(row) == 256 and 5 < sum(row) / 256 < 25
    assert board.query_ascii_values("meas:cond? (@0!0!3:0!0!5)", container=tuple)[2] > 0
    board.write("FORM REAL,32")
    assert len(board.query_binary_values("MEAS? (@0!0)", datatype="f", is_big_endian=True)) == 256
    board.write("FORM:DATA INT,16;BORD SWAP")
    codes = board.query_binary_values("MEAS:CODE? (@0!0)", datatype="h", is_big_endian=False)
    assert len(codes) == 256 and abs(sum(codes) / 256 * 0.04 - sum(row) / 256) < 1
    assert after(board, "MEAS? (@0!0)") == -221
    assert board.query("FORM?") == "INT,16" and board.query("FORM:BORD?") == "SWAP"
    board.write("FORM ASC;:FORM:BORD NORM")

    # Averages and virtual time.
    assert [board.query(f"AVER:COUN? {of}") for of in ("MIN", "MAX", "DEF")] == ["1", "256", "1"]
    took = []
    for averages in (1, 64):
        board.write(f"AVER:COUN {averages}")
        before = int(board.query("SYST:TIME?"))
        board.query("MEAS? (@0!1)")
        assert before <= int(board.query("FETC:TIME?")) <= int(board.query("SYST:TIME?"))
        took.append(int(board.query("SYST:TIME?")) - before)
    assert took[1] > took[0] and board.query("AVER:COUN?") == "64"
    before = int(board.query("SYST:TIME?"))
    assert after(board, "SYST:TIME:ADV 60 S") == 0 and after(board, "SYST:TIME:ADV -1") == -222
    assert int(board.query("SYST:TIME?")) - before >= 60_000_000

    # A pulse within its limits, one beyond each, and a whole row of them in binary.
    board.write("PULS:KIND RES;WIDT 100 NS;TRA 0 NS;GATE 0")
    assert board.query("PULS:WIDT?;:PULS:WIDT? MAX;:PULS:KIND?").split(";")[2] == "RES"
    assert after(board, "PULS (@0!0!0),350 UA") == 0
    assert board.query_ascii_values("MEAS? (@0!0!0)")[0] < row[0]
    assert after(board, "PULS (@0!0!0),2000 UA") == -222
    assert after(board, "PULS:WIDT 1 S") == -222 and float(board.query("PULS:WIDT?")) == 1e-7
    before = board.query_ascii_values("MEAS? (@0!1)")
    # 266 is 01 0A: a line's end within a block ends no line.
    board.write_binary_values("PULS (@0!1),", [266, 800] * 128, datatype="H", is_big_endian=True)
    assert board.query("SYST:ERR?") == '0,"No error"'
    behind = board.query_ascii_values("MEAS? (@0!1)")
    assert sum(behind[1::2]) < 0.5 * sum(before[1::2]), "reset pulses lower conductance"

    # The board's own loop, polled and waited for.
    board.write("*CLS;*ESE 1;*SRE 32")
    board.write("PROG:VER (@0!3),10 USIE,0.5 USIE,30;*OPC")
    assert int(board.query("STAT:OPER:COND?")) & 256 or int(board.query("STAT:OPER?")) & 256
    for _ in range(5000):
        if int(board.query("*STB?")) & 64:
            break
    assert int(board.query("*STB?")) == 96 and int(board.query("*ESR?")) == 1 and board.query("*STB?") == "0"
    board.write("PROG:VER (@0!4),10 USIE,0.5 USIE,30;:ABOR")
    assert board.query("*OPC?") == "1" and board.query("SYST:ERR?") == '0,"No error"'

    assert board.query("*CLS;*OPC;*ESR?") == "1", "nothing is pending"
    assert board.query("STAT:OPER:ENAB 65535;ENAB?;:STAT:PRES") == "32767"

    # Errors by their numbers, the oldest first, and the bits that go with them.
    wrong = {
        "*IDN? 5": -108, "PULS (@0!0!0),1,2": -108, "PULS:WIDT": -109, "FOO:BAR": -113, "*IDN": -113,
        "PULS:WIDT 5 V": -131, "PULS:WIDT abc": -224, "FORM HEX": -224, "AVER:COUN 100000": -222,
        "MEAS? (@7!0)": -222, "MEAS? (@0!0": None, "OUTP MAYBE": -224,
    }  # fmt: skip
    for message, number in wrong.items():
        said = after(board, message)
        assert said == number if number is not None else -200 < said < -100, f"{message}: {said}"
    board.write("*CLS;FOO;*IDN? 5")
    assert board.query("SYST:ERR:COUN?") == "2" and int(board.query("*STB?")) & 4
    assert int(board.query("*ESR?")) & 32 and board.query("SYST:ERR?").startswith("-113,")
    for _ in range(30):
        board.write("FOO")
    errors = [int(board.query("SYST:ERR?").split(",")[0]) for _ in range(21)]
    assert errors[19] == -350 and errors[20] == 0

    # Reset: standby, and settings as at first.
    boot = board.query("SYST:BOOT?")
    board.write("AVER:COUN 8;*RST")
    assert board.query("OUTP?;:AVER:COUN?;:PULS:WIDT?") == "0;1;1.000000E-7"
    assert board.query("SYST:BOOT?") == boot, "*RST is no power-up"
    # pyvisa-py clears no serial line, it empties its buffers.
    if isinstance(board, pyvisa.resources.SerialInstrument):
        board.flush(pyvisa.constants.BufferOperation.discard_read_buffer)
    else:
        board.clear()
    assert board.query("*IDN?").startswith("mho,")


for address in every_address():
    names = of_page("pyvisa", address)
    assert len(names["conductances"]) == 256 and abs(sum(names["conductances"]) / 256 - 10) < 1
    drive(names["board"])
    names["board"].close()
    print(f"pyvisa-py drove {address}")

with emulated("--tcp", "0") as address:
    manager = pyvisa.ResourceManager("@py")
    ends = {"read_termination": "\n", "write_termination": "\n"}
    first, second = (manager.open_resource(address, **ends) for _ in range(2))
    assert first.query("*IDN?").startswith("mho,")
    assert second.read().startswith("-200,")
    first.close()
