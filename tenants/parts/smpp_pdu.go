package parts

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// The commands of SMPP 3.4 that an SMSC needs (section 5.1.2.1 of the specification).
const (
	smppGenericNack     = 0x80000000
	smppBindReceiver    = 0x00000001
	smppBindTransmitter = 0x00000002
	smppSubmit          = 0x00000004
	smppDeliver         = 0x00000005
	smppUnbind          = 0x00000006
	smppBindTransceiver = 0x00000009
	smppEnquireLink     = 0x00000015
	smppResponse        = 0x80000000
)

// The command states that we answer with (section 5.1.3).
const (
	smppOK           = 0x00000000
	smppInvalidCmd   = 0x00000003
	smppWrongAddress = 0x0000000b
)

// maxPDU bounds what one command may take; a message has at most 64 KiB.
const maxPDU = 80 << 10

// pdu is one command of the protocol.
type pdu struct {
	command, status, sequence uint32
	body                      []byte
}

// readPDU reads one command.
func readPDU(r *bufio.Reader) (pdu, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return pdu{}, err
	}
	length := binary.BigEndian.Uint32(head[0:4])
	if length < 16 || length > maxPDU {
		return pdu{}, fmt.Errorf("SMPP: a command of %d bytes", length)
	}
	p := pdu{
		command: binary.BigEndian.Uint32(head[4:8]), status: binary.BigEndian.Uint32(head[8:12]),
		sequence: binary.BigEndian.Uint32(head[12:16]), body: make([]byte, length-16),
	}
	_, err := io.ReadFull(r, p.body)
	return p, err
}

// bytes gives the command as it goes over the wire.
func (p pdu) bytes() []byte {
	out := make([]byte, 16, 16+len(p.body))
	binary.BigEndian.PutUint32(out[0:4], uint32(16+len(p.body)))
	binary.BigEndian.PutUint32(out[4:8], p.command)
	binary.BigEndian.PutUint32(out[8:12], p.status)
	binary.BigEndian.PutUint32(out[12:16], p.sequence)
	return append(out, p.body...)
}

// fields reads the body of a command from its start; the first error stays.
type fields struct {
	rest []byte
	err  error
}

var errShort = errors.New("SMPP: a command ends too early")

func (f *fields) text() string {
	end := bytes.IndexByte(f.rest, 0)
	if f.err != nil || end < 0 {
		f.err = errShort
		return ""
	}
	s := string(f.rest[:end])
	f.rest = f.rest[end+1:]
	return s
}

func (f *fields) octet() byte {
	if b := f.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (f *fields) take(n int) []byte {
	if f.err != nil || len(f.rest) < n {
		f.err = errShort
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// submission is what a submit_sm carries (section 4.4.1).
type submission struct {
	from, to   string
	esmClass   byte
	receipt    byte
	dataCoding byte
	message    []byte
}

// tagMessagePayload is the optional parameter of a long message (section 5.3.2.32).
const tagMessagePayload = 0x0424

// parseSubmission reads the body of a submit_sm.
func parseSubmission(body []byte) (submission, error) {
	f := &fields{rest: body}
	var s submission
	f.text() // service_type
	f.take(2)
	s.from = f.text()
	f.take(2)
	s.to = f.text()
	s.esmClass = f.octet()
	f.take(2) // protocol_id, priority_flag
	f.text()  // schedule_delivery_time
	f.text()  // validity_period
	s.receipt = f.octet()
	f.octet() // replace_if_present_flag
	s.dataCoding = f.octet()
	f.octet() // sm_default_msg_id
	s.message = f.take(int(f.octet()))
	for f.err == nil && len(f.rest) > 0 {
		head := f.take(4)
		if f.err != nil {
			break
		}
		value := f.take(int(binary.BigEndian.Uint16(head[2:4])))
		if binary.BigEndian.Uint16(head[0:2]) == tagMessagePayload {
			s.message = value
		}
	}
	return s, f.err
}

// part tells which part of a long message this is (GSM 03.40, user data header of
// eight-bit reference): its reference, number and count, and the text without header.
func (s submission) part() (ref, number, count byte, text []byte) {
	m := s.message
	if s.esmClass&0x40 == 0 || len(m) == 0 || int(m[0]) >= len(m) {
		return 0, 1, 1, m
	}
	header, text := m[1:1+int(m[0])], m[1+int(m[0]):]
	for len(header) >= 2 && len(header) >= 2+int(header[1]) {
		if header[0] == 0 && header[1] == 3 {
			return header[2], header[4], header[3], text
		}
		header = header[2+int(header[1]):]
	}
	return 0, 1, 1, text
}

// gsmAlphabet is the GSM 03.38 default alphabet, and gsmEscaped what follows an escape.
var (
	gsmAlphabet = []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
	gsmEscaped = map[byte]rune{0x0a: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2f: '\\', 0x3c: '[', 0x3d: '~', 0x3e: ']', 0x40: '|', 0x65: '€'}
)

// decodeMessage gives the text of a message in the default alphabet or UCS-2.
func decodeMessage(coding byte, message []byte) string {
	if coding&0x0c == 0x08 {
		units := make([]uint16, len(message)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(message[2*i:])
		}
		return string(utf16.Decode(units))
	}
	var out strings.Builder
	for i := 0; i < len(message); i++ {
		b := message[i]
		switch {
		case b == 0x1b && i+1 < len(message):
			i++
			if r, ok := gsmEscaped[message[i]]; ok {
				out.WriteRune(r)
			}
		case int(b) < len(gsmAlphabet):
			out.WriteRune(gsmAlphabet[b])
		default:
			out.WriteRune('?')
		}
	}
	return out.String()
}

// encodeGSM gives a text in the default alphabet, one byte a letter, and whether it
// can be written so (letters that need an escape count as not).
func encodeGSM(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		i := slices.Index(gsmAlphabet, r)
		if i < 0 || r == 0x1b {
			return nil, false
		}
		out = append(out, byte(i))
	}
	return out, true
}

// encodeUCS2 gives a text as UTF-16, big end first (data coding 8).
func encodeUCS2(text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = binary.BigEndian.AppendUint16(out, u)
	}
	return out
}

// delivery gives the body of a deliver_sm (section 4.6.1): a message from a telephone,
// or a receipt (esm class 4).
func delivery(from, to string, esmClass, coding byte, message []byte) []byte {
	var b bytes.Buffer
	b.WriteByte(0) // service_type
	b.Write([]byte{1, 1})
	b.WriteString(from)
	b.Write([]byte{0, 1, 1})
	b.WriteString(to)
	b.Write([]byte{0, esmClass, 0, 0, 0, 0, 0, 0, coding, 0, byte(len(message))})
	b.Write(message)
	return b.Bytes()
}
