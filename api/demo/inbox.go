package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/api/web"
)

// Message is a mail or a text message that was sent in the demonstration.
type Message struct {
	ID      int       `json:"id"`
	Channel string    `json:"channel"` // "email" or "sms"
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"`
	Tenant  string    `json:"tenant"` // the commune's or the hub's slug
	At      time.Time `json:"at"`
}

// When is the moment it came, in short.
func (m Message) When() string { return m.At.Format("02/01/2006") + ", " + web.Clock(m.At) }

// maxMessages is how many messages are kept.
const maxMessages = 5000

// Inbox keeps what was sent, in a file of one JSON line each, so that it is there
// again after a restart.
type Inbox struct {
	mu       sync.Mutex
	file     *os.File
	messages []Message
	next     int
}

// OpenInbox opens the file, or makes it. A line that was cut by a crash is dropped.
func OpenInbox(path string) (*Inbox, error) {
	in := &Inbox{next: 1}
	if err := in.load(path); err != nil {
		return nil, err
	}
	var err error
	in.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return in, err
}

func (in *Inbox) load(path string) error {
	f, err := os.Open(path) //nolint:gosec // the demonstration's own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var m Message
		if json.Unmarshal(lines.Bytes(), &m) == nil {
			in.keep(m)
		}
	}
	return lines.Err()
}

func (in *Inbox) keep(m Message) {
	in.messages = append(in.messages, m)
	if len(in.messages) > maxMessages {
		in.messages = in.messages[len(in.messages)-maxMessages:]
	}
	in.next = max(in.next, m.ID+1)
}

// Add keeps a message and gives it its number.
func (in *Inbox) Add(m Message) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	m.ID = in.next
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	in.keep(m)
	_, err = in.file.Write(append(line, '\n'))
	return err
}

// Messages gives what is kept, newest first.
func (in *Inbox) Messages() []Message {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := make([]Message, len(in.messages))
	for i, m := range in.messages {
		out[len(out)-1-i] = m
	}
	return out
}

// Close closes the file.
func (in *Inbox) Close() error { return in.file.Close() }
