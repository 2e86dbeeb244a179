package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// kannelStartLimit bounds the start of the two boxes and their first connection.
const kannelStartLimit = 30 * time.Second

// KannelOptions say how the SMS gateway is started.
type KannelOptions struct {
	// Dir takes the generated configuration and the logs.
	Dir string
	// InboundURL, where set, is asked (GET) for each message that a telephone sends,
	// with the parameters from, to, text, charset (the text's bytes: UTF-8, or UTF-16BE where
	// the telephone used letters outside the GSM alphabet), coding (0 or 2), at (Unix
	// seconds) and id.
	InboundURL string
	// Now is the clock of what the message centre keeps.
	Now func() time.Time
	// Progress is told what takes long.
	Progress Progress
}

// Kannel is a running Kannel gateway (bearerbox and smsbox) connected by SMPP to a
// message centre of ours.
type Kannel struct {
	// SMSC is the message centre behind the gateway.
	SMSC *SMSC
	// User and Password of the sendsms interface.
	User, Password string

	admin, box, send int
	secret           string
	boxes            []*process
}

// FindKannel gives the paths of bearerbox and smsbox; as root they are installed where
// they are missing (Debian package kannel).
func FindKannel(ctx context.Context, progress Progress) (bearerbox, smsbox string, err error) {
	find := func() bool {
		bearerbox, smsbox = daemon("bearerbox"), daemon("smsbox")
		return bearerbox != "" && smsbox != ""
	}
	if find() {
		return bearerbox, smsbox, nil
	}
	if err := Apt(ctx, progress, "kannel"); err != nil {
		return "", "", fmt.Errorf("the SMS gateway Kannel is missing: %w", err)
	}
	if !find() {
		return "", "", errors.New("the SMS gateway Kannel is still missing after its package was installed")
	}
	return bearerbox, smsbox, nil
}

// daemon finds a server program, which an ordinary user's PATH often lacks.
func daemon(name string) string {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	return ""
}

// StartKannel starts the gateway on free ports of 127.0.0.1 and waits until it is
// connected to its message centre. It ends with this process.
func StartKannel(ctx context.Context, opts KannelOptions) (*Kannel, error) {
	ctx, cancel := context.WithTimeout(ctx, kannelStartLimit)
	defer cancel()
	bearerbox, smsbox, err := FindKannel(ctx, opts.Progress)
	if err != nil {
		return nil, err
	}
	if opts.Dir, err = filepath.Abs(opts.Dir); err != nil {
		return nil, fmt.Errorf("start Kannel: %w", err)
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start Kannel: %w", err)
	}
	smsc, err := StartSMSC(opts.Now)
	if err != nil {
		return nil, err
	}
	for range 5 {
		k := &Kannel{SMSC: smsc, User: "parvis", Password: randomSecret(12), secret: randomSecret(12)}
		if err = k.launch(ctx, opts, bearerbox, smsbox); err == nil {
			return k, nil
		}
		k.endBoxes()
		if !errors.Is(err, errEnded) { // an ended box may have lost its port to another program
			break
		}
	}
	smsc.Stop()
	return nil, err
}

// launch starts both boxes.
func (k *Kannel) launch(ctx context.Context, opts KannelOptions, bearerbox, smsbox string) error {
	for _, port := range []*int{&k.admin, &k.box, &k.send} {
		free, err := freePort()
		if err != nil {
			return err
		}
		*port = free
	}
	config, err := k.config(opts)
	if err != nil {
		return err
	}
	path := filepath.Join(opts.Dir, "kannel.conf")
	if err := writeFileAtomic(path, []byte(config)); err != nil {
		return fmt.Errorf("write Kannel's configuration: %w", err)
	}
	if err := k.start(ctx, opts.Dir, bearerbox, path, k.box); err != nil {
		return err
	}
	if err := k.start(ctx, opts.Dir, smsbox, path, k.send); err != nil {
		return err
	}
	client := &http.Client{Timeout: 2 * time.Second}
	return k.boxes[0].waitReady(ctx, 0, func(ctx context.Context) error {
		if !k.SMSC.connected() {
			return errors.New("not connected to its message centre")
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+itoa(k.admin)+"/status.txt?password="+k.secret, nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return errors.New("its status page does not answer") // not the error: it carries the password
		}
		defer func() { _ = res.Body.Close() }()
		return boxConnected(res)
	})
}

// start starts one box and waits until its port is open.
func (k *Kannel) start(ctx context.Context, dir, program, config string, port int) error {
	name := filepath.Base(program)
	cmd := exec.Command(program, "-v", "1", config) // it outlives the context of its start
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	logPath := filepath.Join(dir, name+".log")
	offset := logSize(logPath)
	box, err := startProcess(cmd, processOptions{name: name, logPath: logPath, stop: syscall.SIGTERM, grace: 3 * time.Second})
	if err != nil {
		return err
	}
	k.boxes = append(k.boxes, box)
	return box.waitReady(ctx, offset, func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", "127.0.0.1:"+itoa(port))
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// SendURL is the address of the sendsms interface, without parameters.
func (k *Kannel) SendURL() string { return "http://127.0.0.1:" + itoa(k.send) + "/cgi-bin/sendsms" }

// Stop ends the gateway and its message centre. It can be called twice.
func (k *Kannel) Stop() {
	k.endBoxes()
	k.SMSC.Stop()
}

func (k *Kannel) endBoxes() {
	for i := len(k.boxes) - 1; i >= 0; i-- {
		k.boxes[i].end()
	}
}

// config gives the configuration: every port on 127.0.0.1, and the message centre by
// SMPP, since there the gateway calls out and opens no port of its own.
func (k *Kannel) config(opts KannelOptions) (string, error) {
	_, smpp, err := net.SplitHostPort(k.SMSC.Addr())
	if err != nil {
		return "", fmt.Errorf("write Kannel's configuration: %w", err)
	}
	service := "group = sms-service\nkeyword = default\ncatch-all = true\nmax-messages = 0\n"
	if opts.InboundURL == "" {
		service += "text = \"\"\n"
	} else {
		u, err := url.Parse(opts.InboundURL)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.ContainsAny(opts.InboundURL, "\"\n%") {
			return "", errors.New("write Kannel's configuration: the inbound address is not a plain URL")
		}
		separator := "?"
		if u.RawQuery != "" {
			separator = "&"
		}
		service += "get-url = \"" + opts.InboundURL + separator + "from=%p&to=%P&text=%b&coding=%c&charset=%C&at=%T&id=%I\"\n"
	}
	return strings.NewReplacer(
		"{admin}", itoa(k.admin), "{box}", itoa(k.box), "{send}", itoa(k.send), "{smpp}", smpp,
		"{secret}", k.secret, "{user}", k.User, "{password}", k.Password, "{service}", service,
	).Replace(kannelConfig), nil
}

const kannelConfig = `group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {secret}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = "*.*.*.*"
dlr-storage = internal
sms-resend-freq = 5
sms-resend-retry = 2

group = smsc
smsc = smpp
smsc-id = parvis
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = parvis
smsc-password = parvis
system-type = ""
enquire-link-interval = 20
reconnect-delay = 1
max-pending-submits = 50

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
user-deny-ip = "*.*.*.*"
user-allow-ip = 127.0.0.1
max-messages = 10
concatenation = true

{service}`

// boxConnected reads the gateway's status page: its smsbox must be connected.
func boxConnected(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(string(text), "smsbox:") || !strings.Contains(string(text), "(online") {
		return errors.New("its boxes are not connected")
	}
	return nil
}
