package operations

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// MaxReceived is how large an archive may be that is sent in through a page, in bytes; a
// larger one is the operator's, at the command line.
const MaxReceived = 4 << 30

// receivedLimits bound what an archive that was sent in unpacks to.
var receivedLimits = archive.Limits{Bytes: 32 << 30, Files: 1_000_000, Ratio: 1000}

// Receive takes an archive as it arrives, keeps it and verifies it whole, and asks that
// its commune be taken in: the workers do, and go on where one of them ends. A hub's
// managers, for their hub, and the operator. The faults are those of [Service.Import], and
// "cells_full"; with any of them nothing is kept.
func (s *Service) Receive(ctx context.Context, a tenants.Actor, r io.Reader, in Incoming) (Operation, error) {
	if !a.MayManage() || a.Kind == tenants.ActorHub && in.HubID == 0 {
		return Operation{}, fault.New(fault.Forbidden, "hub_manager_only")
	}
	if err := s.config.Registry.HasRoom(ctx); err != nil {
		return Operation{}, err
	}
	id := tenants.NewID()
	o, err := s.receive(ctx, id, r, in)
	if err == nil {
		o, err = s.start(ctx, a, o)
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return Operation{}, errors.Join(err, s.config.Files.DropIncoming(undo, id))
	}
	return o, nil
}

// receive keeps an archive, and gives the operation that takes it in.
func (s *Service) receive(ctx context.Context, id tenants.ID, r io.Reader, in Incoming) (o Operation, err error) {
	var opened *archive.Opened
	defer func() {
		if opened != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	size, err := s.config.Files.KeepIncoming(ctx, id, func(w io.Writer) (err error) {
		kept := io.TeeReader(r, w)
		if opened, err = archive.Open(ctx, kept, in.Folder, receivedLimits); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, kept)
		return err
	})
	if err != nil {
		return o, err
	}
	if _, err := opened.Codes(in.Passphrase); err != nil {
		return o, err
	}
	o = s.importOf(ctx, opened, in)
	if err := s.notOpen(ctx, o.INSEE); err != nil {
		return o, err
	}
	o.ID, o.Data.Received, o.Data.Bytes = id, true, size
	if in.Passphrase != "" {
		o.Data.Sealed, err = tenants.Seal(s.passphrases(), []byte(in.Passphrase), []byte(id))
	}
	return o, err
}

// passphrases is the key that the passphrases of archives lie under while they wait.
func (s *Service) passphrases() []byte { return s.config.Master.Platform("passphrases of archives") }

// fetch unpacks the archive that was sent in, and verifies it again.
func (r *run) fetch(ctx context.Context) error {
	packed, err := r.config.Files.OpenIncoming(ctx, r.op.ID)
	if err != nil {
		return err
	}
	defer packed.Close() //nolint:errcheck // it is only read
	opened, err := archive.Open(ctx, packed, "", receivedLimits)
	if err != nil {
		return err
	}
	var told map[tenants.ID]string
	if sealed := r.op.Data.Sealed; len(sealed) > 0 {
		var passphrase []byte
		if passphrase, err = tenants.Unseal(r.passphrases(), sealed, []byte(r.op.ID)); err == nil {
			told, err = opened.Codes(string(passphrase))
		}
		if err != nil {
			return errors.Join(err, opened.Close())
		}
	}
	r.have(opened, told)
	r.fetched = opened
	return nil
}

// forgetArchive removes the archive that was sent in, and its passphrase, once the
// operation is over.
func (r *run) forgetArchive(ctx context.Context) error {
	if !r.op.Data.Received {
		return nil
	}
	r.op.Data.Received, r.op.Data.Sealed = false, nil
	return r.config.Files.DropIncoming(ctx, r.op.ID)
}

// incomingLife is how long an archive is kept that no operation takes in: the program
// ended before it was asked for.
const incomingLife = 24 * time.Hour

// dropIncoming throws such archives away.
func (s *Service) dropIncoming(ctx context.Context) error {
	ids, err := s.config.Files.IncomingBefore(ctx, s.now().Add(-incomingLife))
	if err != nil {
		return err
	}
	for _, id := range ids {
		if o, err := s.Get(ctx, id); err == nil && o.Open() {
			continue
		} else if err != nil && !fault.Is(err, "operation_unknown") {
			return err
		}
		if err := s.config.Files.DropIncoming(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
