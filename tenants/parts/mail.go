package parts

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// maxDepth bounds how deep a message's parts may lie in each other.
const maxDepth = 8

// Mail is a message that the SMTP server took.
type Mail struct {
	// From and To are the envelope's addresses.
	From string
	To   []string
	// Subject, decoded.
	Subject string
	// Text and HTML are the first part of each kind, decoded; empty where there is none.
	Text, HTML string
	// Attachments are the names of the further parts.
	Attachments []string
	// Headers of the message, as they were sent.
	Headers mail.Header
	// Raw is the whole message.
	Raw []byte
	// TLS tells whether it came over TLS, User who had signed in (empty: nobody).
	TLS  bool
	User string
	// At is when it came.
	At time.Time
}

// parseMail reads a message (RFC 5322, RFC 2045). One that cannot be read gives an
// error, and a real server would have taken it all the same.
func parseMail(raw []byte) (Mail, error) {
	m := Mail{Raw: raw}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, fmt.Errorf("read mail: %w", err)
	}
	m.Headers = msg.Header
	m.Subject = words(msg.Header.Get("Subject"))
	err = m.part(msg.Body, msg.Header.Get, 0)
	return m, err
}

// part reads one part and those inside it.
func (m *Mail) part(body io.Reader, header func(string) string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("read mail: more than %d parts in each other", maxDepth)
	}
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.parts(multipart.NewReader(body, params["boundary"]), depth)
	}
	disposition, named, err := mime.ParseMediaType(header("Content-Disposition"))
	if err != nil {
		disposition, named = "", nil
	}
	text, err := io.ReadAll(decoded(body, header("Content-Transfer-Encoding")))
	if err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	content := strings.ReplaceAll(string(text), "\r\n", "\n")
	switch {
	case disposition != "attachment" && kind == "text/plain" && m.Text == "":
		m.Text = content
	case disposition != "attachment" && kind == "text/html" && m.HTML == "":
		m.HTML = content
	default:
		m.Attachments = append(m.Attachments, words(named["filename"]))
	}
	return nil
}

func (m *Mail) parts(r *multipart.Reader, depth int) error {
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read mail: %w", err)
		}
		if err := m.part(p, p.Header.Get, depth+1); err != nil {
			return err
		}
	}
}

func decoded(body io.Reader, encoding string) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}

// words decodes the encoded words of a header (RFC 2047).
func words(text string) string {
	plain, err := new(mime.WordDecoder).DecodeHeader(text)
	if err != nil {
		return text
	}
	return plain
}
