package web

import (
	"fmt"
	"reflect"
	"text/template/parse"
)

// check walks a template as text/template would execute it, with types instead of
// values, and gives the first name that the data does not have. Branches that no
// test happens to draw are walked like the others. What cannot be known (an
// interface's content) is let through. It gives every template that can be reached.
func check(find func(name string) *parse.Tree, layout string, data reflect.Type) (reached map[string]*parse.Tree, err error) {
	c := &checker{find: find, seen: map[visit]bool{}, reached: map[string]*parse.Tree{}}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case mismatch:
			err = p
		default:
			panic(p)
		}
	}()
	c.template(layout, data)
	return c.reached, nil
}

// mismatch is a name that a template uses and its data lacks.
type mismatch struct{ text string }

func (m mismatch) Error() string { return m.text }

type visit struct {
	template string
	data     reflect.Type
}

type checker struct {
	find    func(name string) *parse.Tree // nil: there is none
	seen    map[visit]bool
	reached map[string]*parse.Tree
}

// scope is what a name means at one place of a template.
type scope struct {
	in   string
	dot  reflect.Type // nil: unknown
	vars map[string]reflect.Type
}

func (s scope) with(dot reflect.Type) scope {
	vars := make(map[string]reflect.Type, len(s.vars))
	for k, v := range s.vars {
		vars[k] = v
	}
	return scope{s.in, dot, vars}
}

func (s scope) fail(format string, args ...any) {
	panic(mismatch{"template " + s.in + ": " + fmt.Sprintf(format, args...)})
}

func (c *checker) template(name string, data reflect.Type) {
	v := visit{name, data}
	if c.seen[v] {
		return
	}
	c.seen[v] = true
	tree := c.find(name)
	if tree == nil {
		panic(mismatch{"no template is called " + name})
	}
	c.reached[name] = tree
	c.list(scope{name, data, map[string]reflect.Type{"$": data}}, tree.Root)
}

func (c *checker) list(s scope, l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		c.node(s, n)
	}
}

func (c *checker) node(s scope, n parse.Node) {
	switch n := n.(type) {
	case *parse.ActionNode:
		c.pipe(s, n.Pipe)
	case *parse.IfNode:
		inner := s.with(s.dot)
		c.pipe(inner, n.Pipe)
		c.list(inner, n.List)
		c.list(inner.with(s.dot), n.ElseList)
	case *parse.WithNode:
		inner := s.with(s.dot)
		inner.dot = c.pipe(inner, n.Pipe)
		c.list(inner, n.List)
		c.list(s.with(s.dot), n.ElseList)
	case *parse.RangeNode:
		inner := s.with(s.dot)
		key, element := c.elements(s, c.pipe(inner, n.Pipe))
		switch d := n.Pipe.Decl; len(d) {
		case 1:
			inner.vars[d[0].Ident[0]] = element
		case 2:
			inner.vars[d[0].Ident[0]], inner.vars[d[1].Ident[0]] = key, element
		}
		inner.dot = element
		c.list(inner, n.List)
		c.list(s.with(s.dot), n.ElseList)
	case *parse.TemplateNode:
		var data reflect.Type
		if n.Pipe != nil {
			data = c.pipe(s, n.Pipe)
		}
		c.template(n.Name, data)
	}
}

// elements gives what range binds.
func (c *checker) elements(s scope, t reflect.Type) (key, element reflect.Type) {
	t = indirect(t)
	if t == nil {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return reflect.TypeFor[int](), t.Elem()
	case reflect.Map:
		return t.Key(), t.Elem()
	case reflect.Int:
		return t, t
	case reflect.Interface, reflect.Func, reflect.Chan:
		return nil, nil
	}
	s.fail("range over %s", t)
	return nil, nil
}

func indirect(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// pipe gives the type of a pipeline's value and binds what it declares.
func (c *checker) pipe(s scope, p *parse.PipeNode) reflect.Type {
	var value reflect.Type
	for i, command := range p.Cmds {
		var last []reflect.Type
		if i > 0 {
			last = []reflect.Type{value}
		}
		value = c.command(s, command, last)
	}
	for _, d := range p.Decl {
		s.vars[d.Ident[0]] = value
	}
	return value
}

func (c *checker) command(s scope, n *parse.CommandNode, last []reflect.Type) reflect.Type {
	args := make([]reflect.Type, 0, len(n.Args))
	for _, a := range n.Args[1:] {
		args = append(args, c.argument(s, a))
	}
	args = append(args, last...)
	if f, ok := n.Args[0].(*parse.IdentifierNode); ok {
		if len(n.Args) == 2 && f.Ident == "icon" {
			if name, constant := n.Args[1].(*parse.StringNode); constant && !iconNames[name.Text] {
				s.fail("no icon is called %s: add it to assets/src/icons.txt", name.Text)
			}
		}
		return c.call(s, f.Ident, args)
	}
	return c.argument(s, n.Args[0])
}

// call gives the type of a function's result.
func (c *checker) call(s scope, name string, args []reflect.Type) reflect.Type {
	if fn, ok := funcs[name]; ok {
		t := reflect.TypeOf(fn)
		if !t.IsVariadic() && t.NumIn() != len(args) {
			s.fail("%s takes %d arguments, not %d", name, t.NumIn(), len(args))
		}
		for i, a := range args {
			if i < t.NumIn() && !t.IsVariadic() && a != nil && !a.AssignableTo(t.In(i)) && !indirect(a).AssignableTo(t.In(i)) && !untyped(a, t.In(i)) {
				s.fail("%s takes a %s, not a %s", name, t.In(i), a)
			}
		}
		return t.Out(0)
	}
	switch name {
	case "eq", "ne", "lt", "le", "gt", "ge", "not":
		return reflect.TypeFor[bool]()
	case "len":
		return reflect.TypeFor[int]()
	case "print", "printf", "println", "html", "js", "urlquery":
		return reflect.TypeFor[string]()
	case "index":
		if len(args) == 2 {
			_, element := c.elements(s, args[0])
			return element
		}
	}
	return nil // and, or, call, slice: unknown
}

// untyped says whether a constant of a template fits a parameter (1 for an int64).
func untyped(a, parameter reflect.Type) bool {
	return a.Kind() == reflect.Int && parameter.Kind() >= reflect.Int && parameter.Kind() <= reflect.Float64
}

func (c *checker) argument(s scope, n parse.Node) reflect.Type {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return c.fields(s, s.dot, n.Ident)
	case *parse.VariableNode:
		return c.fields(s, s.vars[n.Ident[0]], n.Ident[1:])
	case *parse.ChainNode:
		return c.fields(s, c.argument(s, n.Node), n.Field)
	case *parse.PipeNode:
		return c.pipe(s.with(s.dot), n)
	case *parse.IdentifierNode:
		return c.call(s, n.Ident, nil)
	case *parse.StringNode:
		return reflect.TypeFor[string]()
	case *parse.BoolNode:
		return reflect.TypeFor[bool]()
	case *parse.NumberNode:
		if n.IsInt {
			return reflect.TypeFor[int]()
		}
		return reflect.TypeFor[float64]()
	}
	return nil
}

// fields follows a chain of fields and methods.
func (c *checker) fields(s scope, t reflect.Type, names []string) reflect.Type {
	for _, name := range names {
		t = c.field(s, t, name)
	}
	return t
}

func (c *checker) field(s scope, t reflect.Type, name string) reflect.Type {
	if t == nil {
		return nil
	}
	if m, ok := t.MethodByName(name); ok {
		return m.Type.Out(0)
	}
	base := indirect(t)
	if m, ok := base.MethodByName(name); ok {
		return m.Type.Out(0)
	}
	switch base.Kind() {
	case reflect.Struct:
		if f, ok := base.FieldByName(name); ok && f.IsExported() {
			return f.Type
		}
	case reflect.Map:
		return base.Elem()
	case reflect.Interface:
		return nil
	}
	s.fail("%s has no field or method %s", t, name)
	return nil
}
