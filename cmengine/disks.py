"""What kind of disk a folder lies on, as far as it matters for a database."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# SQLite relies on locks and on syncs that these do not promise (https://sqlite.org/howtocorrupt.html).
OVER_A_NETWORK = {
    "9p", "afpfs", "afs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.rclone", "fuse.sshfs",
    "fuse.s3fs", "gcsfuse", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "prl_fs", "smb2",
    "smb3", "smbfs", "vboxsf", "virtiofs",
}  # fmt: skip
WITHOUT_OWNERS = {"exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"}
SYNCED = (
    "Dropbox",
    "OneDrive",
    "Google Drive",
    "GoogleDrive",
    "My Drive",
    "iCloud Drive",
    "Mobile Documents",
    "Nextcloud",
    "ownCloud",
    "Syncthing",
)
SYNC_MARKS = (".dropbox", ".stfolder", ".owncloudsync.log", ".sync")


def file_system(path: Path, mounts: str) -> str:
    """Give the type of the file system that a path lies on, from the text of /proc/self/mountinfo
    ("" where it is not told). Source of the format: proc_pid_mountinfo(5).
    """
    best, found = -1, ""
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split()
        if not dash or len(fields) < 5:
            continue
        point = Path(fields[4].encode().decode("unicode_escape"))
        if (path == point or point in path.parents) and len(point.parts) >= best:
            best, found = len(point.parts), after.split()[0]
    return found


def file_system_of(folder: Path) -> str:
    """Give the type of the file system that a folder lies on; "" where this system does not tell."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return file_system(folder.resolve(), mounts)


def synced_by(folder: Path) -> str:
    """Name what keeps a folder the same on several machines; "" where nothing is known to."""
    for path in [folder.resolve(), *folder.resolve().parents]:
        for name in SYNCED:
            if path.name == name or path.name.startswith(f"{name} -"):
                return name
        for mark in SYNC_MARKS:
            if (path / mark).exists():
                return f"whatever made {path / mark}"
    return ""
