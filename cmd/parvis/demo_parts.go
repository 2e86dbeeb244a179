package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/demo"
	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// demoParts are the real parts that the demonstration stands on.
type demoParts struct {
	demo         *demonstration
	postgres     *parts.Postgres
	smtp         *parts.SMTPSink
	sms          *parts.SMSSink
	kratos       *parts.Kratos
	state        *parts.StateLogin // nil without --franceconnect
	kratosPorts  [2]int
	kratosBin    chan built
	databaseURL  string
	masterKey    string
	courierToken string
	courierURL   string

	typst [2]string // Node.js and the folder of the compiler for PDFs; empty: no PDF
}

type built struct {
	path string
	err  error
}

const (
	databaseName = "parvis"
	smsUser      = "parvis"
)

// startParts starts Postgres and what keeps mails and texts, and begins to build
// Kratos beside the rest: the first time that takes two minutes.
func (d *demonstration) startParts(ctx context.Context, operator string) (*demoParts, error) {
	p := &demoParts{demo: d, kratosBin: make(chan built, 1), courierURL: "http://" + operator + "/kratos/courier"}
	var err error
	if p.masterKey, err = d.secret("master.key"); err != nil {
		return nil, err
	}
	if p.courierToken, err = d.secret("courier.token"); err != nil {
		return nil, err
	}
	go func() {
		path, err := parts.BuildKratos(ctx, parts.KratosBuild{Progress: d.say})
		p.kratosBin <- built{path, err}
	}()
	for i := range p.kratosPorts {
		if p.kratosPorts[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	if p.typst[0], p.typst[1], err = parts.Typst(ctx, d.say, ""); err != nil {
		d.say("no PDFs: " + err.Error() + ". Pages still print")
		p.typst = [2]string{}
	}
	if err := p.startPostgres(ctx); err != nil {
		return nil, err
	}
	p.smtp, err = parts.StartSMTP(parts.SMTPOptions{Now: time.Now, OnMessage: p.keepMail})
	if err != nil {
		return nil, err
	}
	d.onStop(p.smtp.Stop)
	p.sms, err = parts.StartSMSSink(parts.SMSSinkOptions{User: smsUser, Password: p.courierToken, Now: time.Now, OnMessage: p.keepText})
	if err != nil {
		return nil, err
	}
	d.onStop(p.sms.Stop)
	if d.franceConnect {
		return p, p.startState(ctx)
	}
	return p, nil
}

func (p *demoParts) startPostgres(ctx context.Context) error {
	d := p.demo
	data := filepath.Join(d.data, "postgres")
	bin, err := parts.FindPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), DataDir: data, Progress: d.say})
	if err != nil {
		return err
	}
	p.postgres, err = parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: bin, DataDir: data, Durable: true, MaxConnections: 250, Progress: d.say})
	if err != nil {
		return err
	}
	d.onStop(p.postgres.Stop)
	password, err := d.secret("database.password")
	if err != nil {
		return err
	}
	if err := p.postgres.CreateOwner(ctx, databaseName, password, databaseName); err != nil {
		return err
	}
	if err := p.postgres.CreateOwner(ctx, parts.KratosDatabase, password, parts.KratosDatabase); err != nil {
		return err
	}
	if err := p.postgres.CreateDatabase(ctx, parts.KratosDatabase, parts.KratosExtensions()...); err != nil {
		return err
	}
	p.databaseURL = p.postgres.RoleDSN(databaseName, password, databaseName)
	d.say("Postgres runs")
	return nil
}

// demoSpares is how many spare schemas each cell of the demonstration keeps: opening a
// commune is shown with them, and a laptop is not kept busy.
const demoSpares = 4

// prepare brings every database to this version: the platform's, then the cells', with
// those that are asked for and not there yet.
func (p *demoParts) prepare(ctx context.Context) error {
	if err := migrations.Apply(ctx, p.demo.platform, "platform", migrations.Platform); err != nil {
		return err
	}
	if err := p.addCells(ctx); err != nil {
		return err
	}
	_, err := p.demo.migrate(ctx)
	return err
}

// addCells makes the databases beyond the first.
func (p *demoParts) addCells(ctx context.Context) error {
	d := p.demo
	password, err := d.secret("database.password")
	if err != nil {
		return err
	}
	address := func(n int) string {
		return p.postgres.RoleDSN(databaseName, password, fmt.Sprintf("%s_%d", databaseName, n))
	}
	there, err := d.cells.List(ctx)
	if err != nil {
		return err
	}
	for i := 1; i < len(there); i++ { // the port is another one at every start
		if err := d.cells.Readdress(ctx, there[i].Name, address(i+1)); err != nil {
			return err
		}
	}
	for n := len(there) + 1; n <= d.cellCount; n++ {
		cell := tenants.Cell{Name: fmt.Sprintf("cell-%d", n), Soft: defaultSoft, Hard: defaultHard}
		if err := p.postgres.CreateOwner(ctx, databaseName, password, fmt.Sprintf("%s_%d", databaseName, n)); err != nil {
			return err
		}
		if err := d.cells.Add(ctx, cell, address(n)); err != nil {
			return err
		}
		there = append(there, cell)
	}
	for _, cell := range there {
		cell.Spares = demoSpares
		if err := d.cells.Limit(ctx, cell); err != nil {
			return err
		}
	}
	return nil
}

// startKratos waits for the program and starts it.
func (p *demoParts) startKratos(ctx context.Context) error {
	d := p.demo
	var program built
	select {
	case program = <-p.kratosBin:
	case <-ctx.Done():
		return ctx.Err()
	}
	if program.err != nil {
		return program.err
	}
	password, err := d.secret("database.password")
	if err != nil {
		return err
	}
	p.kratos, err = parts.StartKratos(ctx, parts.KratosOptions{
		Bin: program.path, DSN: p.postgres.RoleDSN(parts.KratosDatabase, password, parts.KratosDatabase),
		DataDir: filepath.Join(d.data, "kratos"), PublicPort: p.kratosPorts[0], AdminPort: p.kratosPorts[1],
		CourierURL: p.courierURL, CourierToken: p.courierToken, SessionLifespan: identity.CitizenLife, Progress: d.say,
	})
	if err != nil {
		return err
	}
	d.onStop(p.kratos.Stop)
	d.say("Kratos runs")
	return nil
}

// watch ends the demonstration where a part ends by itself, and says which. The
// data is kept; starting again takes seconds.
func (p *demoParts) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-p.postgres.Done():
		return errors.New("Postgres has ended: look into postgres.log in the data folder, and start again") //nolint:staticcheck // a name
	case <-p.kratos.Done():
		return errors.New("Kratos has ended: look into its log in the data folder, and start again") //nolint:staticcheck // a name
	}
}

func (p *demoParts) kratosPublicURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d", p.kratosPorts[0])
}

func (p *demoParts) kratosAdminURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d", p.kratosPorts[1])
}

// keepMail keeps a mail that was sent. Whose it is stands in its links.
func (p *demoParts) keepMail(m parts.Mail) {
	p.keep(demo.Message{Channel: "email", To: strings.Join(m.To, ", "), Subject: m.Subject, Text: m.Text, HTML: m.HTML, Tenant: slugIn(m.Text), At: m.At})
}

func (p *demoParts) keepText(m parts.SMS) {
	p.keep(demo.Message{Channel: "sms", To: m.To, Text: m.Text, Tenant: nameIn(m.Text), At: m.At})
}

func (p *demoParts) keep(m demo.Message) {
	if paris, err := time.LoadLocation("Europe/Paris"); err == nil {
		m.At = m.At.In(paris)
	}
	if err := p.demo.inbox.Add(m); err != nil {
		p.demo.say("a message could not be kept: " + err.Error())
	}
}

// slugIn finds the commune's or the hub's host in a mail's first link.
func slugIn(text string) string {
	_, after, found := strings.Cut(text, "http://")
	slug, _, local := strings.Cut(after, ".localhost")
	if !found || !local || strings.ContainsAny(slug, "/ \n") {
		return ""
	}
	return slug
}

// nameIn finds the commune's name at the beginning of a text message.
func nameIn(text string) string {
	for _, c := range communes.Members(sicoval) {
		if strings.Contains(text, c.Name) {
			return communes.Slug(c.Name)
		}
	}
	return ""
}

// freePort finds a port of 127.0.0.1 that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no port")
	}
	return address.Port, nil
}
