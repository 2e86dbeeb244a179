package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// The folders that an archive is unpacked in, and written by way of.
const (
	unpackedIn = "parvis-import-"
	writtenBy  = "parvis-archive-"
)

// scratchNames are the folders that [Sweep] may remove.
var scratchNames = regexp.MustCompile(`^(` + unpackedIn + `|` + writtenBy + `)[0-9]+$`)

// scratch is a folder for what has to lie somewhere meanwhile: citizens' files, in clear.
// Its lock ends with the program at the latest, however that ends, and lets [Sweep] tell a
// folder in use from one that a program left when it was killed.
type scratch struct {
	path string
	lock *os.File
}

// newScratch makes one below a folder (empty: the system's for temporary files).
func newScratch(below, prefix string) (*scratch, error) {
	for {
		path, err := os.MkdirTemp(below, prefix)
		if err != nil {
			return nil, err
		}
		s := &scratch{path: path}
		switch s.lock, err = lockFolder(path); {
		case err == nil:
			return s, nil
		case !errors.Is(err, errHeld) && !errors.Is(err, fs.ErrNotExist):
			return nil, errors.Join(err, os.RemoveAll(path))
		}
		// A sweep took the folder between its birth and its lock: another one.
	}
}

// Close removes the folder.
func (s *scratch) Close() error { return errors.Join(os.RemoveAll(s.path), s.lock.Close()) }

// errHeld says that somebody works in a folder.
var errHeld = errors.New("the folder is another program's")

// lockFolder locks a folder, and makes sure that it is still there.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0) //nolint:gosec // our own folder, or one that bears its name
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		err = errHeld
	}
	if err == nil {
		_, err = os.Lstat(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Sweep removes the folders below one (empty: the system's for temporary files) that
// programs of this user left when they were killed, with what they held of citizens' files.
// It leaves alone what a living program works in.
func Sweep(below string) error {
	if below == "" {
		below = os.TempDir()
	}
	found, err := os.ReadDir(below)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range found {
		if !f.IsDir() || !scratchNames.MatchString(f.Name()) || !ours(f) {
			continue
		}
		path := filepath.Join(below, f.Name())
		lock, err := lockFolder(path)
		switch {
		case err == nil:
			errs = append(errs, (&scratch{path, lock}).Close())
		case !errors.Is(err, errHeld) && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// ours tells whether a folder belongs to who runs this program.
func ours(f fs.DirEntry) bool {
	info, err := f.Info()
	if err != nil {
		return false
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(of.Uid) == os.Geteuid()
}
