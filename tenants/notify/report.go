package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// ReportStatus is what a gateway says of a text message.
type ReportStatus int

// The statuses of Kannel's delivery reports.
const (
	ReportDelivered ReportStatus = 1
	ReportFailed    ReportStatus = 2
	ReportBuffered  ReportStatus = 4  // on its way
	ReportAccepted  ReportStatus = 8  // on its way
	ReportRefused   ReportStatus = 16 // by the operator
)

// Report is a delivery report. There may be several of one message: one a part.
type Report struct {
	Tenant       int64
	Notification tenants.ID
	Status       ReportStatus
}

const (
	reportKeys = 24 // bytes: the tenant's number, the notification's key
	reportMAC  = 16
)

// reportToken names a message in the address that the gateway calls: no personal
// data, and nobody else can make one.
func reportToken(key []byte, tenant int64, id tenants.ID) string {
	raw := make([]byte, 0, reportKeys+reportMAC)
	raw = binary.BigEndian.AppendUint64(raw, uint64(tenant)) //nolint:gosec // a row's key is positive
	if key, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", "")); err == nil && len(key) == 16 {
		raw = append(raw, key...)
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, reportSum(key, raw)...))
}

func reportSum(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)[:reportMAC]
}

// ParseReport reads the query of a delivery report (GET ReportURL). What we did not
// sign is fault.NotFound "report_unknown"; so are reports where none are asked for.
func (s *Sender) ParseReport(q url.Values) (Report, error) {
	unknown := fault.New(fault.NotFound, "report_unknown")
	if s.sms == nil || len(s.sms.config.ReportKey) == 0 {
		return Report{}, unknown
	}
	return parseReport(s.sms.config.ReportKey, q)
}

func parseReport(key []byte, q url.Values) (Report, error) {
	unknown := fault.New(fault.NotFound, "report_unknown")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("m"))
	if err != nil || len(raw) != reportKeys+reportMAC || !hmac.Equal(raw[reportKeys:], reportSum(key, raw[:reportKeys])) {
		return Report{}, unknown
	}
	id, err := uuid.FromBytes(raw[8:reportKeys])
	if err != nil {
		return Report{}, unknown
	}
	r := Report{
		Tenant:       int64(binary.BigEndian.Uint64(raw)), //nolint:gosec // it is one of ours: signed
		Notification: tenants.ID(id.String()),
	}
	switch q.Get("status") {
	case "1":
		r.Status = ReportDelivered
	case "2":
		r.Status = ReportFailed
	case "4":
		r.Status = ReportBuffered
	case "8":
		r.Status = ReportAccepted
	case "16":
		r.Status = ReportRefused
	default:
		return Report{}, unknown
	}
	return r, nil
}

const (
	// A report may come before the worker has written that the message is sent.
	sqlDelivered = `update notification set state = 'delivered', detail = '', sent_at = coalesce(sent_at, $2), claimed_at = null
		where id = $1 and channel = 'sms' and state in ('queued', 'sent')`
	// A part that did not arrive outweighs those that did.
	sqlUndelivered = `update notification set state = 'failed', detail = $3, sent_at = coalesce(sent_at, $2), claimed_at = null
		where id = $1 and channel = 'sms' and state in ('queued', 'sent', 'delivered') returning request_id`
)

// DeliveryReport writes what a gateway reports of a message of this tenant. The
// same report twice changes nothing, and one of a message that was purged neither.
func (s *Sender) DeliveryReport(ctx context.Context, db *tenants.DB, t tenants.Tenant, r Report) error {
	if t.ID != r.Tenant {
		return fault.New(fault.NotFound, "report_unknown")
	}
	result := ""
	err := db.Write(ctx, t, courier, func(tx *tenants.Tx) error {
		result = ""
		switch r.Status {
		case ReportDelivered:
			touched, err := tx.Exec(ctx, sqlDelivered, r.Notification, tx.Now())
			if touched > 0 {
				result = resultDelivered
			}
			return err
		case ReportFailed, ReportRefused:
			detail := "sms undelivered"
			if r.Status == ReportRefused {
				detail = "sms refused"
			}
			request, err := tenants.One[tenants.ID](ctx, tx, sqlUndelivered, r.Notification, tx.Now(), detail)
			if fault.Is(err, "not_found") {
				return nil
			}
			if err != nil {
				return err
			}
			result = resultFailed
			return recordFailure(ctx, tx, request, r.Notification, channelSMS, eventFailed)
		default:
			return nil
		}
	})
	if err == nil && result != "" {
		s.count(channelSMS, result)
	}
	return err
}
