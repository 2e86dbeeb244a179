package parts

import (
	"bufio"
	"bytes"
	"testing"
	"unicode/utf8"
)

func FuzzParseMail(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?re=C3=A7u?=\r\n\r\nBonjour"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMail(raw)
		if err == nil && !bytes.Equal(m.Raw, raw) {
			t.Error("the message is not kept as it came")
		}
	})
}

func FuzzSubmission(f *testing.F) {
	f.Add(byte(0x40), byte(8), []byte("\x05\x00\x03\x01\x02\x01\x00a"))
	f.Add(byte(0), byte(0), []byte("Bonjour \x1be"))
	f.Fuzz(func(t *testing.T, esmClass, coding byte, message []byte) {
		if len(message) > 255 {
			message = message[:255]
		}
		wire := pdu{command: smppSubmit, sequence: 7, body: delivery("Parvis", "33600000001", esmClass, coding, message)}.bytes()
		p, err := readPDU(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil || p.sequence != 7 {
			t.Fatalf("read back: %v", err)
		}
		sub, err := parseSubmission(p.body)
		if err != nil || sub.to != "33600000001" || !bytes.Equal(sub.message, message) {
			t.Fatalf("parsed: %v", err)
		}
		_, number, count, body := sub.part()
		if !utf8.ValidString(decodeMessage(coding, body)) {
			t.Error("the text is not UTF-8")
		}
		if esmClass&0x40 == 0 && (number != 1 || count != 1) {
			t.Error("a message without header is one part")
		}
	})
}

func FuzzReadPDU(f *testing.F) {
	f.Add(pdu{command: smppEnquireLink, sequence: 1}.bytes())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, err := readPDU(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return
		}
		if !bytes.HasPrefix(wire, p.bytes()) {
			t.Error("written back otherwise than read")
		}
		_, _ = parseSubmission(p.body)
	})
}
