package parts

import (
	_ "embed"
	"encoding/base64"
	"path/filepath"
	"time"
)

//go:embed kratos_config/identity.schema.json
var kratosIdentitySchema []byte

//go:embed kratos_config/courier.jsonnet
var kratosCourierBody []byte

// object is a JSON object of Kratos's configuration.
type object map[string]any

func inline(content []byte) string {
	return "base64://" + base64.StdEncoding.EncodeToString(content)
}

// kratosConfig gives the configuration: headless (every form is ours, so no page of
// Kratos is ever shown), API flows, e-mail and password, TOTP with recovery codes as
// second factor, codes by e-mail for recovery and verification.
func kratosConfig(opts KratosOptions, public, admin int) (object, error) {
	cookie, err := keptSecret(filepath.Join(opts.DataDir, "secret.cookie"), 32)
	if err != nil {
		return nil, err
	}
	cipher, err := keptSecret(filepath.Join(opts.DataDir, "secret.cipher"), 16) // 32 letters: the key of XChaCha20
	if err != nil {
		return nil, err
	}
	lifespan := opts.SessionLifespan
	if lifespan == 0 {
		lifespan = time.Hour
	}
	issuer := opts.Issuer
	if issuer == "" {
		issuer = "Parvis"
	}
	listen := func(port int) object {
		return object{"host": "127.0.0.1", "port": port, "base_url": "http://127.0.0.1:" + itoa(port) + "/", "request_log": object{"disable_for_health": true}}
	}
	return object{
		"version":  KratosVersion,
		"serve":    object{"public": listen(public), "admin": listen(admin)},
		"log":      object{"level": "warning", "format": "json", "leak_sensitive_values": false},
		"secrets":  object{"cookie": []string{cookie}, "cipher": []string{cipher}},
		"ciphers":  object{"algorithm": "xchacha20-poly1305"},
		"hashers":  kratosHashers(),
		"session":  object{"lifespan": lifespan.String(), "whoami": object{"required_aal": "aal1"}},
		"security": object{"account_enumeration": object{"mitigate": true}},
		"identity": object{"default_schema_id": "default", "schemas": []object{{"id": "default", "url": inline(kratosIdentitySchema)}}},
		"courier":  kratosCourier(opts),
		"selfservice": object{
			"default_browser_return_url": "http://127.0.0.1:" + itoa(public) + "/",
			"methods":                    kratosMethods(issuer),
			"flows":                      kratosFlows(public),
		},
		"feature_flags": object{"use_continue_with_transitions": true},
	}, nil
}

// kratosHashers are OWASP's parameters of Argon2id for little memory: 19 MiB, two
// passes, one thread; some 50 ms, which is also how long Kratos waits for an unknown account.
func kratosHashers() object {
	return object{"algorithm": "argon2", "argon2": object{
		"memory": "19MB", "iterations": 2, "parallelism": 1, "salt_length": 16, "key_length": 32,
		"expected_duration": "50ms", "expected_deviation": "5ms", "dedicated_memory": "256MB",
	}}
}

func kratosCourier(opts KratosOptions) object {
	return object{
		"delivery_strategy": "http",
		"message_retries":   5000, // twice a second: an hour of our own absence
		"worker":            object{"pull_count": 20, "pull_wait": "500ms"},
		"http": object{"request_config": object{
			"url":    opts.CourierURL,
			"method": "POST",
			"body":   inline(kratosCourierBody),
			"headers": object{
				"Content-Type": "application/json",
			},
			"auth": object{"type": "api_key", "config": object{
				"in": "header", "name": "Authorization", "value": "Bearer " + opts.CourierToken,
			}},
		}},
	}
}

func kratosMethods(issuer string) object {
	return object{
		"password": object{"enabled": true, "config": object{
			"haveibeenpwned_enabled":              false, // no call to the outside; a list of ours does it
			"min_password_length":                 12,
			"identifier_similarity_check_enabled": true,
		}},
		"totp":          object{"enabled": true, "config": object{"issuer": issuer}},
		"lookup_secret": object{"enabled": true},
		"code":          object{"enabled": true, "passwordless_enabled": false, "config": object{"lifespan": "15m"}},
		"link":          object{"enabled": false},
		"profile":       object{"enabled": true},
	}
}

// kratosFlows names a page for each flow, since Kratos asks for one; none exists: API
// flows never lead there.
func kratosFlows(public int) object {
	page := func(name string) string { return "http://127.0.0.1:" + itoa(public) + "/none/" + name }
	return object{
		"error":    object{"ui_url": page("error")},
		"login":    object{"ui_url": page("login"), "lifespan": "15m"},
		"settings": object{"ui_url": page("settings"), "lifespan": "1h", "privileged_session_max_age": "15m", "required_aal": "highest_available"},
		"registration": object{
			"enabled": true, "ui_url": page("registration"), "lifespan": "1h",
			"after": object{"password": object{"hooks": []object{{"hook": "session"}}}},
		},
		"recovery":     object{"enabled": true, "ui_url": page("recovery"), "lifespan": "1h", "use": "code", "notify_unknown_recipients": false},
		"verification": object{"enabled": true, "ui_url": page("verification"), "lifespan": "1h", "use": "code"},
		"logout":       object{"after": object{"default_browser_return_url": "http://127.0.0.1:" + itoa(public) + "/"}},
	}
}
