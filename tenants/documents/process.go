package documents

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed typst
var typstFiles embed.FS

// heap bounds what JavaScript may hold, in MB; the compiler's own memory is bounded by
// replacing the process (Renderer) and, within a document, by the kernel (bound).
const heap = "--max-old-space-size=128"

// maxAnswer is what one answer may hold, in bytes.
const maxAnswer = 32 << 20

// process is one run of the compiler. It serves one document at a time.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	ended  chan struct{} // closed once it was waited for
	served int
	rss    int64 // bytes, as it last said

	mu     sync.Mutex
	stderr bytes.Buffer // its last words, bounded
}

// job is what the process is asked.
type job struct {
	Template string `json:"template"`
	Data     any    `json:"data"`           // a view, or a batchView
	Logo     []byte `json:"logo,omitempty"` // base64 in JSON
	LogoName string `json:"logo_name,omitempty"`
	At       int64  `json:"at"` // of the file's creation, Unix seconds
}

// logoName is what the templates call the logo.
const logoName = "/logo.png"

// outcome is the head of its answer.
type outcome struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"`
	Size  int    `json:"size"`
	RSS   int64  `json:"rss"`
}

// errTemplate says that the compiler refused a document: a fault of ours. Its words hold
// no text of the document.
type errTemplate struct{ words string }

func (e errTemplate) Error() string { return "the document cannot be set: " + e.words }

// startProcess starts Node.js and hands it the fonts and templates.
func startProcess(c Config) (*process, error) {
	script, err := typstFiles.ReadFile("typst/renderer.cjs")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.Node, heap, "--expose-gc", "--no-warnings", "-e", string(script)) //nolint:gosec // the operator names the program
	cmd.Dir = c.Dir
	cmd.Env = []string{"HOME=/nonexistent", "LANG=C.UTF-8", "RAYON_NUM_THREADS=1", "UV_THREADPOOL_SIZE=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.out, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	cmd.Stderr = p
	started := make(chan error, 1)
	go func() {
		// The parent-death signal follows the thread that forked: it stays as long as the
		// process lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_, _ = cmd.Process.Wait() // not cmd.Wait, which would close the pipe under a reader
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err = p.begin(c); err == nil {
		err = p.bound(c.MaxGrowth)
	}
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// bound sets how much the process may still take: past it the kernel refuses, and the
// compiler ends. Its data is counted, not its addresses, of which Node.js reserves many.
func (p *process) bound(growth int64) error {
	pid := p.cmd.Process.Pid
	held, err := dataOf(pid)
	if err != nil {
		return err
	}
	most := uint64(held + growth) //nolint:gosec // neither is negative
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}, nil)
}

// dataOf gives the bytes of a process that RLIMIT_DATA counts.
func dataOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 6 {
		return 0, fmt.Errorf("/proc/%d/statm cannot be read", pid)
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// Write keeps the end of what the process says of itself.
func (p *process) Write(words []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stderr.Len()+len(words) < 4<<10 {
		_, _ = p.stderr.Write(words)
	}
	return len(words), nil
}

func (p *process) lastWords() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// begin hands over what every document needs.
func (p *process) begin(c Config) error {
	templates := map[string]string{}
	entries, err := typstFiles.ReadDir("typst")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := typstFiles.ReadFile("typst/" + e.Name())
		if err != nil {
			return err
		}
		templates[e.Name()] = string(text)
	}
	blobs := make([]string, 0, 4)
	for _, f := range fonts() {
		blobs = append(blobs, base64.StdEncoding.EncodeToString(f))
	}
	if _, err := p.ask(map[string]any{"templates": templates, "fonts": blobs}, c.startLimit()); err != nil {
		return fmt.Errorf("the renderer does not start: %w %s", err, p.lastWords())
	}
	return nil
}

// errGone says that the process ended, or was ended for taking too long.
var errGone = errors.New("the renderer has ended")

// ask sends one frame and reads its answer. After an error the process is of no more use,
// but for an errTemplate.
func (p *process) ask(question any, limit time.Duration) ([]byte, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	late := time.AfterFunc(limit, p.kill)
	defer late.Stop()
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body))) //nolint:gosec // bounded by maxContent and the logo's size
	if _, err := p.in.Write(append(frame, body...)); err != nil {
		return nil, errGone
	}
	head, err := p.read(-1)
	if err != nil {
		return nil, err
	}
	var o outcome
	if err := json.Unmarshal(head, &o); err != nil {
		return nil, errGone
	}
	p.rss = o.RSS
	if !o.OK {
		return nil, errTemplate{o.Error}
	}
	return p.read(o.Size)
}

// read reads so many bytes; -1: as many as the frame's own length says.
func (p *process) read(size int) ([]byte, error) {
	if size < 0 {
		var length [4]byte
		if _, err := io.ReadFull(p.out, length[:]); err != nil {
			return nil, errGone
		}
		size = int(binary.BigEndian.Uint32(length[:]))
	}
	if size > maxAnswer {
		return nil, errGone
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(p.out, body); err != nil {
		return nil, errGone
	}
	return body, nil
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// end closes its input, which ends it, and sees to it that it does.
func (p *process) end() {
	_ = p.in.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.kill()
		<-p.ended
	}
	if c, ok := p.out.(io.Closer); ok {
		_ = c.Close()
	}
}
