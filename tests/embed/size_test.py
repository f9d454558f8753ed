#!/usr/bin/env python3
"""size_test.py ARCHITECTURE BUILD [STRIP]: how large is the phone core that was built in BUILD, and what of it is ours?

Prints the stripped shared library and its parts, by the linker's map, against what sizes.txt beside this file says. Fails
when it has grown by more than 2 %: whoever wants that writes the new size down; or when it is above the bounds that the
phone core is held to (3.5 MB, of it 1.2 MB our own code).
"""

import os
import re
import subprocess
import sys
import tempfile

BOUNDS = {"library": 3_500_000, "own": 1_200_000}
GOALS = {"library": 2_700_000, "own": 350_000}
MAY_GROW = 1.02
LOADED = (".text", ".rodata", ".data", ".eh_frame", ".gcc_except_table", ".init_array", ".tdata", ".ARM.ex")

# Which part an archive is, the first that matches.
PARTS = (
    ("SQLite", r"libdoorstep_sqlite3\.a"),
    ("contract", r"libdoorstep_proto\.a"),
    ("own", r"libdoorstep_\w+\.a|doorstep_client_nogrpc\.dir"),
    ("protobuf", r"libprotobuf"),
    ("Abseil", r"libabsl_"),
    ("zstd", r"libzstd"),
    ("sodium", r"libsodium"),
)


def parts_of(map_file):
    """Bytes of what the linker kept, a part of the library each."""
    sizes = dict.fromkeys([name for name, _ in PARTS] + ["other"], 0)
    kept = False
    section = None
    with open(map_file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            kept = kept or line.startswith("Linker script and memory map")
            if not kept:
                continue
            # " .text.name" may stand on a line of its own, before "   0xaddress 0xsize file".
            found = re.match(r" (\.\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$", line)
            alone = re.match(r" (\.\S+)$", line)
            if alone:
                section = alone.group(1)
                continue
            if not found:
                continue
            section = found.group(1) or section
            if section and section.startswith(LOADED):
                part = next((name for name, pattern in PARTS if re.search(pattern, found.group(3))), "other")
                sizes[part] += int(found.group(2), 16)
            section = None
    return sizes


def main():
    architecture, build = sys.argv[1:3]
    strip = sys.argv[3] if len(sys.argv) > 3 else "strip"
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run([strip, "--strip-unneeded", "-o", stripped.name, f"{build}/libdoorstep.so"], check=True)
        library = os.stat(stripped.name).st_size
    parts = parts_of(f"{build}/doorstep.map")
    print(f"size: libdoorstep.so, {architecture}, stripped: {library:,} bytes (at most {BOUNDS['library']:,}, goal "
          f"{GOALS['library']:,}); of it our own: {parts['own']:,} (at most {BOUNDS['own']:,}, goal {GOALS['own']:,})")
    print("size:   " + ", ".join(f"{name} {size:,}" for name, size in parts.items() if name != "own"))

    measured = {"library": library, "own": parts["own"]}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sizes.txt"), encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    known = {row[0]: {"library": int(row[1]), "own": int(row[2])} for row in rows}
    failed = False
    for what, size in measured.items():
        if size > BOUNDS[what]:
            print(f"Error: {what}: {size:,} bytes on {architecture}, above {BOUNDS[what]:,}.")
            failed = True
        if architecture not in known or size > known[architecture][what] * MAY_GROW:
            print(f"Error: {what}: {size:,} bytes on {architecture}; tests/embed/sizes.txt says "
                  f"{known.get(architecture, {}).get(what, 'nothing')}.")
            failed = True
    if failed:
        print(f"Try: make it smaller, or write into tests/embed/sizes.txt: {architecture} {library} {parts['own']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
