package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

// config is everything the program takes from its environment, read once and
// checked as a whole. It is the only reader of the environment.
type config struct {
	PlatformURL string            // PARVIS_PLATFORM_URL
	CellURL     string            // PARVIS_CELL_URL
	MasterKey   tenants.MasterKey // PARVIS_MASTER_KEY
	BaseDomain  string            // PARVIS_BASE_DOMAIN
	Addr        string            // PARVIS_ADDR
	MetricsAddr string            // PARVIS_METRICS_ADDR
	PublicURL   *url.URL          // PARVIS_PUBLIC_URL: scheme and port of every host of ours
	InternalURL string            // PARVIS_INTERNAL_URL: MetricsAddr as Kannel reaches it; empty: http://MetricsAddr

	KratosPublicURL string // PARVIS_KRATOS_PUBLIC_URL
	KratosAdminURL  string // PARVIS_KRATOS_ADMIN_URL
	CourierToken    string // PARVIS_COURIER_TOKEN

	SMTPURL  *url.URL // PARVIS_SMTP_URL
	MailFrom string   // PARVIS_MAIL_FROM

	SMSURL      string // PARVIS_SMS_URL; empty: no text messages
	SMSUser     string // PARVIS_SMS_USER
	SMSPassword string // PARVIS_SMS_PASSWORD

	FilesURL string // PARVIS_FILES_URL

	TypstDir string // PARVIS_TYPST_DIR; empty: no PDF
	Node     string // PARVIS_NODE; empty: the one on PATH

	TrustedProxies []string // PARVIS_TRUSTED_PROXIES

	Operator string // PARVIS_OPERATOR: who runs the platform; its parts are parted by |

	TLSAddr       string // PARVIS_TLS_ADDR; empty: TLS ends in front of us
	ACMEDirectory string // PARVIS_ACME_DIRECTORY
	ACMEEmail     string // PARVIS_ACME_EMAIL
	ACMERoots     string // PARVIS_ACME_ROOTS; empty: the machine's

	State oidc.Config // the demonstration's alone; zero: FranceConnect and ProConnect at their official addresses

	PublicAddresses []netip.Addr // PARVIS_PUBLIC_ADDRESSES
	DNSResolver     string       // PARVIS_DNS_RESOLVER; empty: the machine's
}

// variable says what one variable of the environment is for.
type variable struct {
	name     string
	purpose  string
	example  string
	fallback string // used where it is not set; "" with optional false: it must be
	optional bool
	set      func(c *config, value string) error
}

// text takes a value as it is.
func text(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error { *field(c) = v; return nil }
}

// path takes a path of this machine, from its root.
func path(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if !filepath.IsAbs(v) {
			return errors.New("it is not a path that begins with /")
		}
		*field(c) = v
		return nil
	}
}

// webURL takes an http or https address.
func webURL(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		u, err := url.Parse(v)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return errors.New("it is not an address that begins with http:// or https://")
		}
		*field(c) = strings.TrimRight(v, "/")
		return nil
	}
}

// database takes a Postgres address.
func database(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		u, err := url.Parse(v)
		if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			return errors.New("it is not an address that begins with postgres://")
		}
		if _, err := pgxpool.ParseConfig(v); err != nil {
			return errors.New("Postgres does not understand it: is a character of the password not escaped, or a parameter misspelt?") // the error itself repeats it
		}
		*field(c) = v
		return nil
	}
}

// address takes host:port.
func address(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if _, _, err := net.SplitHostPort(v); err != nil {
			return errors.New("it is not of the form host:port")
		}
		*field(c) = v
		return nil
	}
}

// secret takes a value of at least n characters.
func secret(n int, field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if len(v) < n {
			return fmt.Errorf("it is shorter than %d characters", n)
		}
		*field(c) = v
		return nil
	}
}

// variables is the whole configuration, in the order in which it is explained.
var variables = []variable{
	{name: "PARVIS_PLATFORM_URL", purpose: "the platform's database, as its owner (a role that may create roles: until Postgres 16 such a role can become any other, so give Parvis a server of its own)", example: "postgres://parvis:…@127.0.0.1:5432/parvis",
		set: database(func(c *config) *string { return &c.PlatformURL })},
	{name: "PARVIS_CELL_URL", purpose: "the database of the first cell, as its owner; it may be the platform's own", example: "postgres://parvis:…@127.0.0.1:5432/parvis",
		set: database(func(c *config) *string { return &c.CellURL })},
	{name: "PARVIS_MASTER_KEY", purpose: "the secret that every key and tenant's password is derived from: 32 random bytes in hex or base64; keep a copy apart", example: "the output of: openssl rand -hex 32",
		set: func(c *config, v string) (err error) {
			if c.MasterKey, err = tenants.ParseMasterKey(v); err != nil {
				return errors.New("it is not 32 bytes or more in hex or base64")
			}
			return nil
		}},
	{name: "PARVIS_BASE_DOMAIN", purpose: "the platform's own host; communes are <slug>.<base domain>", example: "parvis.example",
		set: func(c *config, v string) error {
			if strings.ContainsAny(v, "/: ") || strings.Trim(v, ".") == "" {
				return errors.New("it is not a host name")
			}
			c.BaseDomain = strings.ToLower(v)
			return nil
		}},
	{name: "PARVIS_PUBLIC_URL", purpose: "how browsers reach the base domain: the scheme and, where it is not the usual one, the port", example: "https://parvis.example",
		set: func(c *config, v string) error {
			u, err := url.Parse(v)
			if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
				return errors.New("it is not an address that begins with http:// or https://")
			}
			if u.Scheme == "http" && !onlyHere(u.Hostname()) {
				return errors.New("it begins with http://: passwords and sessions would travel in clear, for all to read. It must begin with https://")
			}
			c.PublicURL = u
			return nil
		}},
	{name: "PARVIS_ADDR", purpose: "where the pages are served", example: "127.0.0.1:8080", fallback: "127.0.0.1:8080",
		set: address(func(c *config) *string { return &c.Addr })},
	{name: "PARVIS_METRICS_ADDR", purpose: "where /metrics, /livez and /readyz are served: never to the public", example: "127.0.0.1:9464", fallback: "127.0.0.1:9464",
		set: address(func(c *config) *string { return &c.MetricsAddr })},
	{name: "PARVIS_INTERNAL_URL", purpose: "how Kannel reaches PARVIS_METRICS_ADDR with its delivery reports, where that is not the address itself", example: "http://10.0.0.5:9464", optional: true,
		set: webURL(func(c *config) *string { return &c.InternalURL })},
	{name: "PARVIS_KRATOS_PUBLIC_URL", purpose: "Ory Kratos, its public interface", example: "http://127.0.0.1:4433",
		set: webURL(func(c *config) *string { return &c.KratosPublicURL })},
	{name: "PARVIS_KRATOS_ADMIN_URL", purpose: "Ory Kratos, its administration interface", example: "http://127.0.0.1:4434",
		set: webURL(func(c *config) *string { return &c.KratosAdminURL })},
	{name: "PARVIS_COURIER_TOKEN", purpose: "the secret that Kratos' courier signs in to us with", example: "the output of: openssl rand -hex 32",
		set: secret(32, func(c *config) *string { return &c.CourierToken })},
	{name: "PARVIS_SMTP_URL", purpose: "the mail server: smtp:// (STARTTLS where offered), smtp+starttls:// (compulsory) or smtps://", example: "smtp+starttls://user:password@mail.example:587",
		set: func(c *config, v string) error {
			u, err := url.Parse(v)
			if err != nil || u.Host == "" || !slices.Contains([]string{"smtp", "smtp+starttls", "smtps"}, u.Scheme) {
				return errors.New("it is not an address that begins with smtp://, smtp+starttls:// or smtps://")
			}
			c.SMTPURL = u
			return nil
		}},
	{name: "PARVIS_MAIL_FROM", purpose: "the address that mails leave from", example: "ne-pas-repondre@parvis.example",
		set: email(func(c *config) *string { return &c.MailFrom })},
	{name: "PARVIS_SMS_URL", purpose: "Kannel's sendsms address; without it no text message is sent", example: "http://127.0.0.1:13013/cgi-bin/sendsms", optional: true,
		set: webURL(func(c *config) *string { return &c.SMSURL })},
	{name: "PARVIS_SMS_USER", purpose: "Kannel's user", example: "parvis", optional: true, set: text(func(c *config) *string { return &c.SMSUser })},
	{name: "PARVIS_SMS_PASSWORD", purpose: "Kannel's password", example: "…", optional: true, set: text(func(c *config) *string { return &c.SMSPassword })},
	{name: "PARVIS_FILES_URL", purpose: "where documents are kept: a folder", example: "file:///var/lib/parvis/files",
		set: func(c *config, v string) error {
			u, err := url.Parse(v)
			if err != nil || u.Scheme != "file" || u.Path == "" {
				return errors.New("it is not an address that begins with file:///")
			}
			c.FilesURL = v
			return nil
		}},
	{name: "PARVIS_TYPST_DIR", purpose: "the folder of the compiler that documents are made into accessible PDFs with: run `npm install --ignore-scripts --prefix DIR " + documents.Compiler + "`. Without it pages are printed, and no PDF is offered", example: "/opt/parvis-typst", optional: true,
		set: path(func(c *config) *string { return &c.TypstDir })},
	{name: "PARVIS_NODE", purpose: "Node.js 20 or later, where it is not on PATH; for PDFs alone", example: "/opt/node/bin/node", optional: true,
		set: path(func(c *config) *string { return &c.Node })},
	{name: "PARVIS_OPERATOR", purpose: "who runs the platform, for its legal pages and conditions: name, address, telephone and e-mail, parted by |", example: "Syndicat d’exemple|1 place de la Mairie, 31000 Toulouse|05 61 00 00 00|contact@parvis.example", optional: true,
		set: func(c *config, v string) error {
			parts := strings.Split(v, "|")
			if len(parts) != 4 || slices.ContainsFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" }) {
				return errors.New("it is not four texts parted by |")
			}
			c.Operator = v
			return nil
		}},
	{name: "PARVIS_TRUSTED_PROXIES", purpose: "networks of the reverse proxies whose X-Forwarded-For is believed, with commas", example: "10.0.0.0/8", optional: true,
		set: func(c *config, v string) error {
			for network := range strings.SplitSeq(v, ",") {
				if _, _, err := net.ParseCIDR(strings.TrimSpace(network)); err != nil {
					return errors.New("it is not a list of networks like 10.0.0.0/8")
				}
				c.TrustedProxies = append(c.TrustedProxies, strings.TrimSpace(network))
			}
			return nil
		}},
	{name: "PARVIS_TLS_ADDR", purpose: "where the pages are served with TLS and certificates of our own; PARVIS_ADDR then leads there, and the public ports 80 and 443 must lead to the two. Without it, something in front of Parvis ends TLS. The same for parvis work", example: "0.0.0.0:8443", optional: true,
		set: address(func(c *config) *string { return &c.TLSAddr })},
	{name: "PARVIS_ACME_DIRECTORY", purpose: "the directory of the authority that issues certificates (ACME)", example: letsEncrypt, fallback: letsEncrypt,
		set: webURL(func(c *config) *string { return &c.ACMEDirectory })},
	{name: "PARVIS_ACME_EMAIL", purpose: "whom the authority may write to", example: "exploitation@parvis.example", optional: true,
		set: email(func(c *config) *string { return &c.ACMEEmail })},
	{name: "PARVIS_ACME_ROOTS", purpose: "a file of certificates (PEM) that the authority's own address is trusted by, where the machine does not", example: "/etc/parvis/acme-roots.pem", optional: true,
		set: func(c *config, v string) error {
			pem, err := os.ReadFile(v) //nolint:gosec // a file that the operator names
			if err != nil || !x509.NewCertPool().AppendCertsFromPEM(pem) {
				return errors.New("it is not a file of certificates in PEM")
			}
			c.ACMERoots = v
			return nil
		}},
	{name: "PARVIS_PUBLIC_ADDRESSES", purpose: "the addresses, with commas, at which the public reaches Parvis: communes are told them, and their own host names are held against them. Without it, wherever the communes' hosts below the base domain lead", example: "192.0.2.10,2001:db8::10", optional: true,
		set: func(c *config, v string) error {
			for text := range strings.SplitSeq(v, ",") {
				a, err := netip.ParseAddr(strings.TrimSpace(text))
				if err != nil {
					return errors.New("it is not a list of addresses like 192.0.2.10")
				}
				c.PublicAddresses = append(c.PublicAddresses, a.Unmap())
			}
			return nil
		}},
	{name: "PARVIS_DNS_RESOLVER", purpose: "the DNS server that communes' own host names are looked up at, where it is not the machine's", example: "127.0.0.1:53", optional: true,
		set: address(func(c *config) *string { return &c.DNSResolver })},
}

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// email takes a plain e-mail address.
func email(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
			return errors.New("it is not a plain e-mail address")
		}
		*field(c) = v
		return nil
	}
}

// onlyHere tells whether a host is one that no network leads to (RFC 6761, 6.2 and 6.3).
func onlyHere(host string) bool {
	host = "." + strings.ToLower(host)
	return strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".test")
}

// readConfig reads the environment. Everything that is missing or wrong is named
// in one error, a line each, with what it is for and an example; values are never
// repeated, for they may be secret.
func readConfig(lookup func(string) (string, bool)) (config, error) {
	var c config
	var faults []string
	for _, v := range variables {
		value, set := lookup(v.name)
		if !set || value == "" {
			value = v.fallback
		}
		var reason string
		switch {
		case value == "" && v.optional:
			continue
		case value == "":
			reason = "it is missing"
		default:
			if err := v.set(&c, value); err != nil {
				reason = err.Error()
			}
		}
		if reason != "" {
			faults = append(faults, fmt.Sprintf("  %s: %s. It is %s. Example: %s=%s", v.name, reason, v.purpose, v.name, v.example))
		}
	}
	if c.SMSURL != "" && (c.SMSUser == "" || c.SMSPassword == "") {
		faults = append(faults, "  PARVIS_SMS_USER, PARVIS_SMS_PASSWORD: they are missing, and PARVIS_SMS_URL is set. Set them, or take PARVIS_SMS_URL away.")
	}
	if c.PublicURL != nil && c.BaseDomain != "" && !strings.EqualFold(c.PublicURL.Hostname(), c.BaseDomain) {
		faults = append(faults, "  PARVIS_PUBLIC_URL: its host is not the one of PARVIS_BASE_DOMAIN. Example: PARVIS_BASE_DOMAIN=parvis.example, PARVIS_PUBLIC_URL=https://parvis.example")
	}
	if c.TLSAddr != "" && c.PublicURL != nil && c.PublicURL.Scheme != "https" {
		faults = append(faults, "  PARVIS_PUBLIC_URL: it does not begin with https://, and PARVIS_TLS_ADDR is set. Example: PARVIS_PUBLIC_URL=https://parvis.example")
	}
	if c.InternalURL == "" {
		c.InternalURL = "http://" + c.MetricsAddr
	}
	if len(faults) > 0 {
		return config{}, fmt.Errorf("the configuration is not complete:\n%s", strings.Join(faults, "\n"))
	}
	return c, nil
}

// environment reads the configuration of this process.
func environment() (config, error) { return readConfig(os.LookupEnv) }
