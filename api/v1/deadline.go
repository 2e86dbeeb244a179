package v1

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// RequestDates are the dates of a request, with their reasons.
type RequestDates struct {
	web.LegalDates
	Told []ToldDate `json:"told,omitempty" doc:"Days that the person was told and that the rules no longer give: they hold until an agent decides"`
}

// ToldDate is a day that was told and that the rules no longer give.
type ToldDate struct {
	Date   string `json:"date" enum:"last_day,appeal_last_day" doc:"Which date it is"`
	ToldOn string `json:"told" format:"date" doc:"What the person was told, which holds"`
	Now    string `json:"now" format:"date" doc:"What the rules would give now"`
	Kept   bool   `json:"kept" doc:"An agent has decided to keep what was told"`
}

type deadlineOutput struct {
	Body RequestDates
}

// deadline gives to whoever may read a request why its dates are what they are.
func (s *Server) deadline(ctx context.Context, in *numberInput) (*deadlineOutput, error) {
	out := &deadlineOutput{}
	err := s.read(ctx, in.Caller, s.following(ctx, in.Follower, in.Number, func(tx *tenants.Tx) error {
		why, err := requests.GetWhy(ctx, tx, in.Number)
		if err != nil {
			return err
		}
		out.Body.LegalDates = web.LegalDatesOf(why.Dates)
		for _, d := range why.Drifts {
			told := ToldDate{Date: "last_day", ToldOn: d.Told.String(), Now: d.Now.String(), Kept: d.Kept != nil}
			if d.Decision != "" {
				told.Date = "appeal_last_day"
			}
			out.Body.Told = append(out.Body.Told, told)
		}
		return nil
	}))
	return out, err
}
