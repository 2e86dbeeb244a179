package parts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxKept is how many messages a sink keeps; the oldest go first.
const maxKept = 5000

// maxParts is how many unfinished long messages an SMSC keeps.
const maxParts = 200

// SMS is a text message that reached the mobile network.
type SMS struct {
	// From is the sender as shown, To the recipient's number as it was given.
	From, To string
	// Text is the whole message, its parts put together.
	Text string
	// Parts is how many short messages it took.
	Parts int
	// At is when the last part came.
	At time.Time
}

// SMSC is a mobile operator's message centre, reduced to what Parvis tests with: an SMPP
// 3.4 server on 127.0.0.1 that keeps what it is given, sends delivery receipts, and can
// pretend that a telephone wrote. Numbers that end in 999999 are unknown: their receipt
// says UNDELIV. Numbers that end in 888888 are refused at once.
type SMSC struct {
	listener net.Listener
	now      func() time.Time

	mu       sync.Mutex
	messages []SMS
	pending  map[string]*longSMS
	sessions map[*smppSession]struct{}
	nextID   uint32
	closed   bool
	group    sync.WaitGroup
}

// longSMS is a long message whose parts are coming in.
type longSMS struct {
	texts map[byte]string
	count byte
}

// smppSession is a gateway that is connected.
type smppSession struct {
	conn  net.Conn
	mu    sync.Mutex // one writer at a time
	seq   uint32
	bound bool // may be sent deliver_sm
}

// StartSMSC starts a message centre on a free port of 127.0.0.1. now gives the time
// that messages bear.
func StartSMSC(now func() time.Time) (*SMSC, error) {
	if now == nil {
		return nil, errors.New("start SMSC: it needs a clock")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start SMSC: %w", err)
	}
	s := &SMSC{listener: listener, now: now, pending: map[string]*longSMS{}, sessions: map[*smppSession]struct{}{}}
	s.group.Go(s.accept)
	return s, nil
}

// Addr gives the address of the SMPP server.
func (s *SMSC) Addr() string { return s.listener.Addr().String() }

// Messages gives what was sent, oldest first.
func (s *SMSC) Messages() []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SMS(nil), s.messages...)
}

// Receive pretends that the telephone `from` wrote a short text to the number `to`: 160
// letters of the GSM alphabet at most, or 70 where others stand among them. It fails
// when no gateway is connected.
func (s *SMSC) Receive(from, to, text string) error {
	coding, limit := byte(0), 160
	message, plain := encodeGSM(text)
	if !plain {
		coding, limit, message = 8, 140, encodeUCS2(text)
	}
	if len(message) > limit {
		return errors.New("receive SMS: it is too long for one message")
	}
	return s.deliver(delivery(from, to, 0, coding, message))
}

// Stop ends the message centre and every connection.
func (s *SMSC) Stop() {
	s.mu.Lock()
	s.closed = true
	for session := range s.sessions {
		_ = session.conn.Close()
	}
	s.mu.Unlock()
	_ = s.listener.Close()
	s.group.Wait()
}

func (s *SMSC) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		session := &smppSession{conn: conn}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.sessions[session] = struct{}{}
		s.mu.Unlock()
		s.group.Go(func() { s.serve(session) })
	}
}

// serve answers one gateway until it goes.
func (s *SMSC) serve(session *smppSession) {
	defer func() {
		_ = session.conn.Close()
		s.mu.Lock()
		delete(s.sessions, session)
		s.mu.Unlock()
	}()
	r := bufio.NewReader(session.conn)
	for {
		p, err := readPDU(r)
		if err != nil || s.answer(session, p) != nil || p.command == smppUnbind {
			return
		}
	}
}

// answer does what one command asks for.
func (s *SMSC) answer(session *smppSession, p pdu) error {
	reply := pdu{command: p.command | smppResponse, sequence: p.sequence}
	switch p.command {
	case smppBindReceiver, smppBindTransceiver, smppBindTransmitter:
		session.mu.Lock()
		session.bound = p.command != smppBindTransmitter
		session.mu.Unlock()
		reply.body = []byte("parvis\x00")
	case smppEnquireLink, smppUnbind:
	case smppSubmit:
		return s.submit(session, p, reply)
	default:
		if p.command&smppResponse != 0 {
			return nil // an answer to ours
		}
		reply.command, reply.status = smppGenericNack, smppInvalidCmd
	}
	return session.write(reply)
}

// submit takes a message, answers, and sends its receipt where one was asked for.
func (s *SMSC) submit(session *smppSession, p, reply pdu) error {
	sub, err := parseSubmission(p.body)
	if err != nil || strings.HasSuffix(sub.to, "888888") {
		reply.status, reply.body = smppWrongAddress, []byte{0}
		return session.write(reply)
	}
	s.mu.Lock()
	s.nextID++
	id := strconv.FormatUint(uint64(s.nextID), 10)
	at := s.now()
	state := "DELIVRD"
	if strings.HasSuffix(sub.to, "999999") {
		state = "UNDELIV"
	} else {
		s.keep(sub, at)
	}
	s.mu.Unlock()
	reply.body = append([]byte(id), 0)
	if err := session.write(reply); err != nil || sub.receipt&0x03 == 0 {
		return err
	}
	day := at.UTC().Format("0601021504")
	delivered, failure := "001", "000"
	if state != "DELIVRD" {
		delivered, failure = "000", "001"
	}
	receipt := fmt.Sprintf("id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:", id, delivered, day, day, state, failure)
	s.group.Go(func() {
		// A real network answers later than it accepts: never before Kannel
		// has noted the number that the receipt speaks of.
		_ = sleep(context.Background(), 150*time.Millisecond)
		_ = s.deliver(delivery(sub.to, sub.from, 0x04, 0, []byte(receipt)))
	})
	return nil
}

// keep notes a message, its parts put together; s.mu is held.
func (s *SMSC) keep(sub submission, at time.Time) {
	ref, number, count, body := sub.part()
	text := decodeMessage(sub.dataCoding, body)
	if count > 1 {
		key := fmt.Sprintf("%s\x00%s\x00%d\x00%d", sub.from, sub.to, ref, count)
		long := s.pending[key]
		if long == nil {
			if len(s.pending) >= maxParts {
				clear(s.pending)
			}
			long = &longSMS{texts: map[byte]string{}, count: count}
			s.pending[key] = long
		}
		long.texts[number] = text
		if len(long.texts) < int(long.count) {
			return
		}
		delete(s.pending, key)
		text = ""
		for i := byte(1); i <= count; i++ {
			text += long.texts[i]
		}
	}
	s.messages = append(s.messages, SMS{From: sub.from, To: sub.to, Text: text, Parts: int(count), At: at})
	if len(s.messages) > maxKept {
		s.messages = append([]SMS(nil), s.messages[len(s.messages)-maxKept:]...)
	}
}

// deliver sends a deliver_sm to a gateway that takes them.
func (s *SMSC) deliver(body []byte) error {
	s.mu.Lock()
	var target *smppSession
	for session := range s.sessions {
		session.mu.Lock()
		if session.bound {
			target = session
		}
		session.mu.Unlock()
	}
	s.mu.Unlock()
	if target == nil {
		return errors.New("no SMS gateway is connected")
	}
	target.mu.Lock()
	target.seq++
	seq := target.seq
	target.mu.Unlock()
	return target.write(pdu{command: smppDeliver, sequence: seq, body: body})
}

func (session *smppSession) write(p pdu) error {
	session.mu.Lock()
	defer session.mu.Unlock()
	_, err := session.conn.Write(p.bytes())
	return err
}

// connected tells whether a gateway is bound that takes receipts and messages.
func (s *SMSC) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		session.mu.Lock()
		bound := session.bound
		session.mu.Unlock()
		if bound {
			return true
		}
	}
	return false
}
