package agent

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// read makes a page in one read-only transaction of an agent, and tells who.
func (s *Server) read(v visit, page web.Page) (me web.Visitor, err error) {
	err = s.Read(v.r, v.scope, func(ctx context.Context, tx *tenants.Tx, visitor web.Visitor) error {
		me = visitor
		if err := guard(v, me); err != nil {
			return err
		}
		return page(ctx, tx, me)
	})
	return me, err
}

// write changes things in one transaction of an agent.
func (s *Server) write(v visit, page web.Page) (me web.Visitor, err error) {
	err = s.Write(v.r, v.scope, func(ctx context.Context, tx *tenants.Tx, visitor web.Visitor) error {
		me = visitor
		if err := guard(v, me); err != nil {
			return err
		}
		return page(ctx, tx, me)
	})
	return me, err
}

// admins refuses whoever may not administer.
func admins(page web.Page) web.Page {
	return func(ctx context.Context, tx *tenants.Tx, me web.Visitor) error {
		if err := mayConfigure(me.Actor); err != nil {
			return err
		}
		return page(ctx, tx, me)
	}
}

// mayConfigure refuses who may not change the commune's procedures.
func mayConfigure(actor tenants.Actor) error {
	if !actor.MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	return nil
}
