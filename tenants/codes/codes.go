// Package codes writes and reads the codes that people copy by hand: tracking codes,
// codes that resume a form, codes that verify a document. They are Crockford's base 32,
// without I, L, O and U, so that they can be read aloud; what is typed is read kindly.
// It makes no secrets: whoever asks for a code brings the random bytes.
package codes

import "strings"

// alphabet is Crockford's base 32.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// maxInput is how long a typed code may be, in bytes.
const maxInput = 64

// Letters gives the first count letters of a byte string in base 32; each stands for 5
// bits.
func Letters(b []byte, count int) string {
	out := make([]byte, 0, count)
	var bits, acc uint
	for _, v := range b {
		acc = acc<<8 | uint(v)
		for bits += 8; bits >= 5 && len(out) < count; bits -= 5 {
			out = append(out, alphabet[acc>>(bits-5)&31])
		}
	}
	return string(out)
}

// Grouped writes a code in groups joined by hyphens.
func Grouped(code string, size int) string {
	var b strings.Builder
	for i := 0; i < len(code); i += size {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(code[i:min(i+size, len(code))])
	}
	return b.String()
}

// Read brings a code as somebody typed it to its letters: case, spaces and hyphens do
// not matter, O is 0, I and L are 1. What is no code of that length gives "".
func Read(typed string, length int) string {
	if len(typed) > maxInput {
		return ""
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '\t', '\u00a0', '\u202f', '\u2010', '\u2011', '\u2013', '.', '_':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || !strings.ContainsRune(alphabet, r) {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != length {
		return ""
	}
	return b.String()
}
