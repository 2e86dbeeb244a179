package parts

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// SMSSinkOptions say how the SMS endpoint of the demo is started.
type SMSSinkOptions struct {
	// Addr to listen on; empty means a free port of 127.0.0.1.
	Addr string
	// User and Password that a sender must give.
	User, Password string
	// Now is the clock of what is kept.
	Now func() time.Time
	// OnMessage, where set, is called with each message that was taken.
	OnMessage func(SMS)
}

// SMSSink is an endpoint that speaks Kannel's HTTP sendsms interface, with delivery
// reports, sends nothing and keeps what it takes: the demo uses it where the gateway
// itself need not be installed. The numbers of [SMSC] that fail fail here too.
type SMSSink struct {
	opts     SMSSinkOptions
	server   *http.Server
	addr     string
	client   *http.Client
	ctx      context.Context // the life of the sink, for the reports that it sends later
	cancel   context.CancelFunc
	group    sync.WaitGroup
	mu       sync.Mutex
	messages []SMS
}

// StartSMSSink starts the endpoint.
func StartSMSSink(opts SMSSinkOptions) (*SMSSink, error) {
	if opts.Now == nil || opts.User == "" || opts.Password == "" {
		return nil, errors.New("start SMS endpoint: it needs a clock, a user and a password")
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("start SMS endpoint: %w", err)
	}
	s := &SMSSink{opts: opts, addr: listener.Addr().String(), client: &http.Client{Timeout: 10 * time.Second}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/cgi-bin/sendsms", s.send)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.group.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

// SendURL is the address of the sendsms interface, without parameters.
func (s *SMSSink) SendURL() string { return "http://" + s.addr + "/cgi-bin/sendsms" }

// Messages gives what was taken, oldest first.
func (s *SMSSink) Messages() []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SMS(nil), s.messages...)
}

// Stop closes the endpoint; reports not yet sent are dropped. It can be called twice.
func (s *SMSSink) Stop() {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	s.group.Wait()
}

// send is the sendsms interface: Kannel's own answers, in its own words.
func (s *SMSSink) send(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	same := func(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }
	if !same(r.FormValue("username"), s.opts.User) || !same(r.FormValue("password"), s.opts.Password) {
		http.Error(w, "Authorization failed for sendsms", http.StatusForbidden)
		return
	}
	to, text := strings.TrimPrefix(r.FormValue("to"), "+"), r.FormValue("text")
	if to == "" || strings.Trim(to, "0123456789") != "" {
		http.Error(w, "Missing receiver and/or bad receiver number, rejected", http.StatusBadRequest)
		return
	}
	if !utf8.ValidString(text) {
		http.Error(w, "Charset or body misformed, rejected", http.StatusBadRequest)
		return
	}
	status, mask := "1", "1"
	switch {
	case strings.HasSuffix(to, "888888"):
		status, mask = "16", "16"
	case strings.HasSuffix(to, "999999"):
		status, mask = "2", "2"
	default:
		s.keep(SMS{From: r.FormValue("from"), To: to, Text: text, Parts: smsParts(text), At: s.opts.Now()})
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte("0: Accepted for delivery"))
	if report := r.FormValue("dlr-url"); report != "" && asked(r.FormValue("dlr-mask"), mask) {
		at := s.opts.Now()
		s.group.Go(func() { s.report(report, status, at) })
	}
}

func (s *SMSSink) keep(m SMS) {
	s.mu.Lock()
	s.messages = append(s.messages, m)
	if len(s.messages) > maxKept {
		s.messages = append([]SMS(nil), s.messages[len(s.messages)-maxKept:]...)
	}
	s.mu.Unlock()
	if s.opts.OnMessage != nil {
		s.opts.OnMessage(m)
	}
}

// report calls the sender back, thrice at most.
func (s *SMSSink) report(address, status string, at time.Time) {
	address = strings.NewReplacer("%d", status, "%T", itoa(int(at.Unix())), "%A", url.QueryEscape("sink"), "%%", "%").Replace(address)
	for range 3 {
		if sleep(s.ctx, 150*time.Millisecond) != nil {
			return
		}
		req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, address, nil)
		if err != nil {
			return
		}
		res, err := s.client.Do(req)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode < 300 {
			return
		}
	}
}

// asked tells whether a mask of reports (a sum of powers of two) has this one.
func asked(mask, bit string) bool {
	var m, b int
	if _, err := fmt.Sscanf(mask+" "+bit, "%d %d", &m, &b); err != nil {
		return false
	}
	return m&b != 0
}

// smsParts tells how many short messages a text takes (GSM 03.40: 160 or 153 letters of
// the default alphabet each, 70 or 67 of UCS-2).
func smsParts(text string) int {
	single, each, length := 160, 153, 0
	for _, r := range text {
		length++
		if strings.ContainsRune("\f^{}\\[~]|€", r) {
			length++
		} else if _, ok := encodeGSM(string(r)); !ok {
			single, each, length = 70, 67, len(encodeUCS2(text))/2
			break
		}
	}
	if length <= single {
		return 1
	}
	return (length + each - 1) / each
}
