"""What Linux offers to take rights away from the calling process, through ctypes.

Everything here holds for all threads started later and can't be undone. Capabilities are what root
may do beyond others. A filter on system calls (seccomp) denies the network, new programs, new
processes, reaching into other processes, typing into a terminal, watching or holding up files,
changing what the system notes of them, and memory that no limit counts; Landlock denies files
outside of given folders.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CAPABILITY_VERSION, _CAP_DAC_OVERRIDE = 0x20080522, 1 << 1
_SECCOMP_MODE_FILTER = 2

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH of each machine that the filter is made for."""

_X32 = 0x40000000
"""System calls of x86_64's 32-bit variant begin here; they would pass by the numbers below."""

_DENIED = {
    # name: (x86_64, aarch64)
    "shmget": (29, 194),
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "semget": (64, 190),
    "msgget": (68, 186),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "ptrace": (101, 117),
    "rt_sigqueueinfo": (129, 138),
    "utime": (132, None),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "tkill": (200, 130),
    "sched_setaffinity": (203, 122),
    "utimes": (235, None),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ioprio_set": (251, 30),
    "inotify_init": (253, None),
    "migrate_pages": (256, 238),
    "fchownat": (260, 54),
    "futimesat": (261, None),
    "fchmodat": (268, 53),
    "unshare": (272, 97),
    "move_pages": (279, 239),
    "utimensat": (280, 88),
    "accept4": (288, 242),
    "inotify_init1": (294, 26),
    "rt_tgsigqueueinfo": (297, 240),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "sendmmsg": (307, 269),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "sched_setattr": (314, 274),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "execveat": (322, 281),
    "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "memfd_secret": (447, 447),
    "fchmodat2": (452, 452),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
}
_CLONE, _CLONE3, _CLONE_THREAD = (56, 220), (435, 435), 0x10000
_KILL, _TGKILL, _PRLIMIT = (62, 129), (234, 131), (302, 261)
_FCNTL, _IOCTL, _PRCTL = (72, 25), (16, 29), (157, 167)

_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of classic BPF: load, jump if equal, if at least or if any bit is set, return."""

_NUMBER, _MACHINE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
"""Where the filter finds these, in bytes of `struct seccomp_data`; both machines are
little-endian."""

_DENIED_COMMANDS = [
    # By these a file sends signals to any process, F_SETOWN, F_SETSIG and F_SETOWN_EX, or whoever
    # opens it has to wait, F_SETLEASE, or is watched, F_NOTIFY.
    (_FCNTL, _SECOND_ARGUMENT, (8, 10, 15, 1024, 1026)),
    # By these a connection sends signals: FIOSETOWN, SIOCSPGRP.
    (_IOCTL, _SECOND_ARGUMENT, (0x8901, 0x8902)),
    # By these a terminal is typed into or taken over: TIOCSTI, TIOCLINUX, TIOCSPGRP, TIOCSCTTY.
    (_IOCTL, _SECOND_ARGUMENT, (0x5412, 0x541C, 0x5410, 0x540E)),
    # By this a process outlives the one that `die_with_parent` ties it to.
    (_PRCTL, _FIRST_ARGUMENT, (_PR_SET_PDEATHSIG,)),
]
"""Calls, and values of an argument of which the kernel, too, ignores the upper 32 bits."""

_ALLOW, _ERROR, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE, _READ, _LIST, _REMOVE_FOLDER, _REMOVE = (1 << bit for bit in range(6))
_MAKE_FOLDER, _MAKE_FILE, _REFER, _TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
_READING = _READ | _LIST
_WRITING = _READING | _WRITE | _REMOVE | _REMOVE_FOLDER | _MAKE_FOLDER | _MAKE_FILE
_WRITING |= _REFER | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE

_HANDLED = {2: (1 << 14) - 1, 3: (1 << 15) - 1}
"""Rights that Landlock knows from each of its versions on; the first one lets no file be moved to
another folder."""


class KernelError(OSError):
    """The kernel lacks something, or refused it."""


def die_with_parent(number: int) -> None:
    """Have the calling process killed by a signal when the process that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, number)


def set_no_new_privs() -> None:
    """Have no program gain rights when it is started, which seccomp and Landlock require."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Drop root's capabilities; other users have none.

    Root may still open files of other users: Python's own may be theirs.
    """
    head, held = struct.pack("Ii", _CAPABILITY_VERSION, 0), ctypes.create_string_buffer(24)
    _checked("capget", head, held)
    if any(held.raw):
        kept = (rights & _CAP_DAC_OVERRIDE for rights in struct.unpack_from("2I", held))
        _checked("capset", head, struct.pack("6I", *kept, 0, 0, 0, 0))


def install_seccomp_filter() -> None:
    """Deny the network, programs, processes, other processes' insides and typing, with EPERM.

    Raises:
        KernelError: This machine has no filter on system calls, or another architecture.
    """
    program = _filter(platform.machine(), os.getpid())
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(head, len(head)))


def restrict_with_landlock(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Deny all files but those in some folders, and links to elsewhere.

    Args:
        readable: Folders or files that may be read; absent ones are passed over.
        writable: Folders in which files may be made, changed and removed, too.

    Raises:
        KernelError: The kernel has no Landlock, or it isn't switched on.
    """
    version = _syscall(_CREATE_RULESET, None, 0, 1)
    if version < min(_HANDLED):
        raise KernelError(errno.ENOSYS, f"Landlock of version {version}")
    handled = _HANDLED[min(version, max(_HANDLED))]
    attributes = struct.pack("Q", handled)
    rules = _syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for paths, rights in ((readable, _READING), (writable, _WRITING)):
            for path in filter(Path.exists, paths):
                _allow(rules, path, rights & handled)
        _syscall(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights &= -1 if path.is_dir() else _OF_FILES
        _syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)


def _filter(machine: str, process: int) -> bytes:
    """Return the filter program, 8 bytes per instruction."""
    if machine not in _ARCHITECTURES:
        raise KernelError(errno.ENOSYS, f"no filter on system calls for {machine}")
    column = list(_ARCHITECTURES).index(machine)
    refuse, missing = _ERROR | errno.EPERM, _ERROR | errno.ENOSYS
    program = [
        (_LD, 0, 0, _MACHINE),
        (_JEQ, 1, 0, _ARCHITECTURES[machine]),
        (_RET, 0, 0, _KILL_PROCESS),
        (_LD, 0, 0, _NUMBER),
        (_JGE, 0, 1, _X32),
        (_RET, 0, 0, refuse),
    ]
    for numbers in _DENIED.values():
        if (number := numbers[column]) is not None:
            program += [(_JEQ, 0, 1, number), (_RET, 0, 0, refuse)]
    # Without clone3, whose arguments a filter can't see, libraries fall back on clone.
    program += [(_JEQ, 0, 1, _CLONE3[column]), (_RET, 0, 0, missing)]
    program += _only_if(_CLONE[column], _JSET, _CLONE_THREAD)
    for numbers in (_KILL, _TGKILL):
        program += _only_if(numbers[column], _JEQ, process)
    program += _only_if(_PRLIMIT[column], _JEQ, 0)  # one's own
    for numbers, argument, commands in _DENIED_COMMANDS:
        for command in commands:
            program += _unless(numbers[column], argument, command)
    program.append((_RET, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _only_if(number: int, test: int, value: int) -> list[tuple[int, int, int, int]]:
    """Return instructions that refuse a call unless its first argument passes a test."""
    return [
        (_JEQ, 0, 4, number),
        (_LD, 0, 0, _FIRST_ARGUMENT),
        (test, 1, 0, value),
        (_RET, 0, 0, _ERROR | errno.EPERM),
        (_RET, 0, 0, _ALLOW),
    ]


def _unless(number: int, argument: int, value: int) -> list[tuple[int, int, int, int]]:
    """Return instructions that refuse a call if an argument has a value, and go on else."""
    return [
        (_JEQ, 0, 4, number),
        (_LD, 0, 0, argument),
        (_JEQ, 0, 1, value),
        (_RET, 0, 0, _ERROR | errno.EPERM),
        (_LD, 0, 0, _NUMBER),
    ]


def _prctl(option: int, *arguments: object) -> None:
    padded = [*arguments, 0, 0, 0, 0][:4]
    _checked("prctl", option, *padded)


def _syscall(number: int, *arguments: object) -> int:
    return _checked("syscall", number, *arguments)


def _checked(name: str, *arguments: object) -> int:
    """Call a function of the C library.

    Raises:
        KernelError: It isn't there or reports an error.
    """
    is_linux = platform.system() == "Linux"  # Windows has no library of that name either
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None) if is_linux else None
    if function is None:
        raise KernelError(errno.ENOSYS, f"{platform.system()} has no such call")
    function.restype = ctypes.c_int  # prctl's -1 would be no negative long
    converted = [ctypes.c_long(part) if isinstance(part, int) else part for part in arguments]
    result: int = function(*converted)
    if result < 0:
        number = ctypes.get_errno()
        raise KernelError(number, os.strerror(number))
    return result
