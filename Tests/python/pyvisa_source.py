"""Asks the simulated microwave source with pyvisa-py, a USBTMC client that knows nothing of belld.

By hand, with the source exported over USB/IP (`mocklab --usbip`) and `pip install pyvisa-py==0.8.1 pyusb`:

    Tests/USB/run --server 127.0.0.1:3240 python3 Tests/python/pyvisa_source.py SRC01

The last words are `ok` and the median time of a question. Not part of `make test`, because it needs packages of PyPI.
pyvisa-py 0.8.1 has neither clear nor status byte on USB, so that these two are asked in other ways here.
"""

import statistics
import sys
import time

import pyvisa

serial = sys.argv[1] if len(sys.argv) > 1 else "SRC01"
resource = f"USB0::0x1209::0xBE12::{serial}::0::INSTR"
manager = pyvisa.ResourceManager("@py")
source = manager.open_resource(resource, read_termination="\n", write_termination="\n", timeout=2000)

assert source.query("*IDN?") == f"belld simulated,MW-20,{serial},1.0"
source.write("*CLS")

for frequency in (100e3, 5.8e9, 20e9):
    source.write(f"FREQ {frequency}")
    assert float(source.query("FREQ?")) == frequency
source.write("OUTP ON;POW -12.5")
assert source.query("OUTP?;POW?") == "1;-12.5"
assert source.query("SYST:ERR?") == '0,"No error"'

source.write("FREQ 1E15;NONSENSE")
assert source.query("SYST:ERR?").startswith("-222,")
assert source.query("SYST:ERR?").startswith("-113,")
assert source.query("SYST:ERR?").startswith("0,")

for count in (0, 1, 9, 10, 498, 499, 500, 501, 1000, 20000, 100000):
    block = source.query_binary_values(f"TEST:BLOCK? {count}", datatype="B", container=bytes, expect_termination=True)
    assert block == bytes(i & 255 for i in range(count)), count

source.write("*CLS;*ESE 32;NONSENSE")
assert int(source.query("*STB?")) & 0x24 == 0x24, "error queue and event register"
assert source.query("*ESR?") == "32"
source.write("*ESE 0;*CLS")

# A question without an answer, and the next one.
source.timeout = 200
try:
    source.query("NONSENSE?")
    sys.exit("an answer to nonsense")
except pyvisa.VisaIOError as error:
    assert error.error_code == pyvisa.constants.StatusCode.error_timeout, error
source.timeout = 2000
assert source.query("SYST:ERR?").startswith("-113,")

source.write("OUTP OFF")
times = []
for number in range(500):
    start = time.perf_counter()
    assert source.query("*OPC?") == "1"
    times.append(time.perf_counter() - start)
print(f"ok, median of a question {statistics.median(times) * 1e6:.0f} us")
source.close()
