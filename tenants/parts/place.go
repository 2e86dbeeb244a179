package parts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// modulePath is how the clone's own go.mod begins.
const modulePath = "module github.com/parvis-gru/parvis\n"

// CacheDir gives the folder where installed and built parts are kept between
// runs: /var/cache/parvis for root (whose home other users cannot enter, while
// Postgres must run as one of them), else the user's own cache folder; a folder in
// the clone where neither can be written. It is made where it is missing.
func CacheDir() (string, error) {
	var tried []string
	candidates := make([]string, 0, 3)
	if os.Geteuid() == 0 {
		candidates = append(candidates, "/var/cache/parvis")
	}
	if dir, err := os.UserCacheDir(); err == nil && filepath.IsAbs(dir) {
		candidates = append(candidates, filepath.Join(dir, "parvis"))
	}
	if root, err := RepositoryRoot(""); err == nil {
		candidates = append(candidates, filepath.Join(root, ".cache"))
	}
	for _, dir := range candidates {
		if writable(dir) {
			return dir, nil
		}
		tried = append(tried, dir)
	}
	return "", fmt.Errorf("no folder to keep installed parts in: none of %s can be written", strings.Join(tried, ", "))
}

// writable makes a folder and tells whether a file can be made in it.
func writable(dir string) bool {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false
	}
	f, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return false
	}
	_ = f.Close()
	return os.Remove(f.Name()) == nil
}

// RepositoryRoot finds Parvis's clone: the nearest folder at or above from
// (the working folder where from is empty) whose go.mod is Parvis's.
func RepositoryRoot(from string) (string, error) {
	if from == "" {
		wd, err := os.Getwd()
		if err != nil {
			return "", fmt.Errorf("working folder: %w", err)
		}
		from = wd
	}
	for dir := filepath.Clean(from); ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), modulePath) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not inside a clone of Parvis: run this from the folder that `git clone` made")
		}
	}
}

// serverAccount tells as whom a server that refuses root runs: nil for an ordinary
// user (as oneself); for root the owner of existing data, else postgres, else nobody.
func serverAccount(dataDir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no other account: as oneself
	}
	if info, err := os.Stat(filepath.Join(dataDir, "PG_VERSION")); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return &syscall.Credential{Uid: st.Uid, Gid: st.Gid, Groups: []uint32{st.Gid}}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{uint32(gid)}}, nil
		}
	}
	return nil, errors.New("Postgres refuses to run as root, and neither a user postgres nor nobody exists: run `adduser --system --group postgres`, or start Parvis as an ordinary user")
}

// barrier gives the first folder on the way to path, path's own parents included,
// that the account cannot enter; empty where the way is free.
func barrier(path string, who *syscall.Credential) string {
	if who == nil {
		return ""
	}
	var way []string
	for dir := filepath.Dir(filepath.Clean(path)); ; dir = filepath.Dir(dir) {
		way = append(way, dir)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for i := len(way) - 1; i >= 0; i-- {
		info, err := os.Stat(way[i])
		if errors.Is(err, fs.ErrNotExist) {
			return "" // we make the rest ourselves, for all to enter
		}
		if err != nil {
			return way[i]
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return way[i]
		}
		bit := fs.FileMode(0o001)
		switch {
		case st.Uid == who.Uid:
			bit = 0o100
		case st.Gid == who.Gid:
			bit = 0o010
		}
		if info.Mode().Perm()&bit == 0 {
			return way[i]
		}
	}
	return ""
}

// shortHash names a path in ten letters, always the same.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:10]
}

// randomSecret gives n random bytes in hexadecimal.
func randomSecret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24: it ends the program instead
	return hex.EncodeToString(b)
}

// keptSecret reads a secret of a file, or makes it with mode 0600.
func keptSecret(path string, n int) (string, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err == nil && len(strings.TrimSpace(string(text))) >= n {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret: %w", err)
	}
	secret := randomSecret(n)
	if err := writeFileAtomic(path, []byte(secret+"\n")); err != nil {
		return "", fmt.Errorf("keep secret: %w", err)
	}
	return secret, nil
}

// writeFileAtomic writes a file of mode 0600 in one step, so that a crash leaves
// the old one or the new one.
func writeFileAtomic(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err := f.Write(content); err != nil {
		_ = f.Close()
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// freePort gives a TCP port of 127.0.0.1 that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("find a free port: not a TCP address")
	}
	return addr.Port, nil
}

// trimmed gives a file's content as one word.
func trimmed(text []byte) string { return strings.TrimSpace(string(text)) }

func itoa(n int) string { return strconv.Itoa(n) }
