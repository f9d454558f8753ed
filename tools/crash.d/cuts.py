"""What ends a program in the middle of a step, at a call of the system that was chosen: SIGKILL, or a power cut.

strace finds the moment: the Nth such call of one thread on one file of the program's folder. A killed program does not
make that call; at a power cut it has made it, stands still, and the disk is shut down under it.
"""

import collections
import fcntl
import os
import re
import signal
import struct
import subprocess
import time

# Every call that changes a file, a name or what is durable.
CALLS = ("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "openat", "rename",
         "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "link", "linkat", "chmod", "fchmod")
ATTACH_S = 20
EXT4_IOC_SHUTDOWN = 0x8004587D
# Of what was not synced nothing is there; or the file system's own log of names and sizes is, without the contents.
SHUTDOWNS = {"bare": 2, "names": 1}

Point = collections.namedtuple("Point", "phase file call nth how")


class Cut:
    """`attached`: strace comes once the program works, so that its threads are counted from there."""

    def __init__(self, victim, attached):
        self.victim, self.attached = victim, attached
        self.tracer = None

    def from_the_start(self, who):
        return who == self.victim and not self.attached

    def attaches(self, who):
        return who == self.victim and self.attached

    def wrap(self, command):
        return ["strace", "-D", *self.options(), "--", *command]

    def attach(self, pid):
        self.tracer = subprocess.Popen(["strace", *self.options(), "-p", str(pid)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        while not all(is_traced(pid, thread) for thread in os.listdir("/proc/%d/task" % pid)):
            if time.monotonic() - began > ATTACH_S or self.tracer.poll() is not None:
                raise RuntimeError("strace does not attach")
            time.sleep(0.005)

    def end(self):
        if self.tracer is not None:
            if self.tracer.poll() is None:
                self.tracer.terminate()
            self.tracer.wait()
            self.tracer = None


def is_traced(pid, thread):
    try:
        with open("/proc/%d/task/%s/status" % (pid, thread), encoding="ascii") as status:
            return "\nTracerPid:\t0\n" not in status.read()
    except (FileNotFoundError, ProcessLookupError):
        return True  # It has ended meanwhile.


class Watch(Cut):
    """Ends nothing: writes down every call, so that the points are known."""

    def __init__(self, victim, attached, record):
        super().__init__(victim, attached)
        self.record = record

    def options(self):
        return ["-f", "-qq", "-y", "-o", self.record, "-e", "signal=none", "-e", "trace=" + ",".join(CALLS)]

    def came(self, who, process):
        return False


class Kill(Cut):
    def __init__(self, victim, attached, folder, point):
        super().__init__(victim, attached)
        self.path = os.path.normpath(os.path.join(folder, point.file))
        self.point = point

    signal_name = "KILL"
    record = "/dev/null"

    def options(self):
        return ["-f", "-qq", "-o", self.record, "-P", self.path, "-e", "trace=" + self.point.call, "-e",
                "inject=%s:signal=%s:when=%d" % (self.point.call, self.signal_name, self.point.nth)]

    def came(self, who, process):
        return who == self.victim and process.poll() == -signal.SIGKILL


class PowerCut(Kill):
    """The folder is a mounted disk of its own; `disk` shuts it down and mounts what is left."""

    signal_name = "STOP"

    def __init__(self, victim, attached, folder, point, disk, record):
        super().__init__(victim, attached, folder, point)
        self.disk, self.record = disk, record
        open(record, "w").close()

    def options(self):
        return super().options() + ["-e", "signal=STOP"]

    def came(self, who, process):
        if who != self.victim:
            return False
        with open(self.record, encoding="utf-8", errors="replace") as record:
            if "stopped by SIGSTOP" not in record.read():
                return False
        self.disk.shut_down(SHUTDOWNS[self.point.how])
        process.kill()
        process.wait()
        self.end()
        self.disk.mount_again()
        return True


class Disk:
    """An ext4 file system in a file, mounted at `folder`."""

    BYTES = 64 * 1024 * 1024

    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        with open(image, "wb") as file:
            file.truncate(self.BYTES)
        os.makedirs(folder, exist_ok=True)
        self.run("mkfs.ext4", "-q", "-F", image)
        self.run("mount", "-o", "loop", image, folder)
        self.run("rmdir", os.path.join(folder, "lost+found"))

    @staticmethod
    def run(*command):
        for attempt in range(100):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0:
                return
            if "busy" not in done.stderr:
                break
            time.sleep(0.02)  # The kernel is still letting go of a dead program's files.
        raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))

    def settle(self):
        """Everything that is there now is durable."""
        self.run("sync", "-f", self.folder)

    def shut_down(self, how):
        at = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(at, EXT4_IOC_SHUTDOWN, struct.pack("I", how))
        os.close(at)

    def mount_again(self):
        self.run("umount", self.folder)
        self.run("mount", "-o", "loop", self.image, self.folder)

    def end(self):
        self.run("umount", self.folder)
        os.remove(self.image)


def read_points(record, folder, phase, hows):
    """The points that a watched phase offers, and (calls seen, calls that a point ends).

    strace counts by thread and kind of call, and the first thread that comes to N is ended: so one point ends one call,
    and a few calls of a second thread cannot be chosen.
    """
    calls = collections.OrderedDict()  # (file, call) -> [(thread, whether it changes anything)]
    inside = re.compile(re.escape(folder) + r"(/[^\">]*)?(?=[\">])")
    with open(record, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = re.match(r"(\d+)\s+(\w+)\((.*)", line)
            if not match or match.group(2) not in CALLS:
                continue
            thread, call, rest = match.groups()
            paths = [found.group(1) or "" for found in inside.finditer(rest.replace(" (deleted)", ""))]
            if not paths:
                continue
            file = paths[0].lstrip("/") or "."
            calls.setdefault((file, call), []).append((thread, call != "openat" or "O_CREAT" in rest))
    points, seen, ended = [], 0, 0
    for (file, call), made in calls.items():
        seen += sum(changes for _, changes in made)
        counts, reached = collections.Counter(), 0
        for thread, changes in made:
            counts[thread] += 1
            if counts[thread] <= reached:
                continue
            reached = counts[thread]
            if not changes:
                continue
            ended += 1
            points += [Point(phase, file, call, reached, how) for how in hows]
    return points, seen, ended
