package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// model is what one SDK package says about its types.
type model struct {
	structs map[string]structure
	// constants are the values of all string constants.
	constants map[string]string
	// byIdentifier finds a type by its name on the wire, which the constant <Type>__TYPE_IDENTIFIER holds.
	byIdentifier map[string]string
}

// structure is one type, fields by their names in JSON.
type structure map[string]field

// field is one field of a type.
type field struct {
	required bool
	// list is the depth of nesting: 1 for a list.
	list int
	// scalar is "string", "integer", "number", "boolean" or "object"; "" for a reference.
	scalar string
	// refers is the Go name of the type of the elements.
	refers string
	// several means that refers is the common part of several types.
	several bool
	// values are the constants' values, where the SDK lists them.
	values []string
}

// readModel parses an SDK package.
func readModel(module, folder string) (*model, string, error) {
	dir, version, err := locate(module)
	if err != nil {
		return nil, "", err
	}
	name := filepath.Join(dir, filepath.FromSlash(folder), "ModelPackageTypes.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, "", fmt.Errorf("parsing the model of %s: %w", module, err)
	}
	m := &model{structs: map[string]structure{}, constants: map[string]string{}, byIdentifier: map[string]string{}}
	comments := map[string]map[string]string{}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.GenDecl:
			m.readDeclaration(d, comments)
		case *ast.FuncDecl:
			if goName, found := strings.CutSuffix(d.Name.Name, "BindingType"); found && d.Recv == nil {
				if m.structs[goName], err = readBinding(d); err != nil {
					return nil, "", fmt.Errorf("reading type %s of %s: %w", goName, module, err)
				}
			}
		}
	}
	for goName, fields := range m.structs {
		for name, f := range fields {
			f.values = m.valuesIn(comments[goName][bareName(name)])
			fields[name] = f
			if strings.HasPrefix(goName, "Child") && strings.EqualFold(f.refers, name) {
				m.byIdentifier[name] = f.refers // the wrapped type: QoSProfile on the wire, QosProfile in Go
			}
		}
	}
	return m, version, nil
}

// locate asks the go tool where a module is.
func locate(module string) (dir, version string, err error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Version}}", module).Output()
	if err != nil {
		return "", "", fmt.Errorf("locating module %s: %w", module, err)
	}
	dir, version, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	return dir, version, nil
}

// readDeclaration collects constants, and the comments of the fields of structs.
func (m *model) readDeclaration(d *ast.GenDecl, comments map[string]map[string]string) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			m.readConstant(s)
		case *ast.TypeSpec:
			body, ok := s.Type.(*ast.StructType)
			if !ok {
				continue
			}
			of := map[string]string{}
			for _, f := range body.Fields.List {
				if len(f.Names) == 1 {
					of[bareName(f.Names[0].Name)] = f.Doc.Text()
				}
			}
			comments[s.Name.Name] = of
		}
	}
}

func (m *model) readConstant(s *ast.ValueSpec) {
	if len(s.Names) != 1 || len(s.Values) != 1 {
		return
	}
	literal, ok := s.Values[0].(*ast.BasicLit)
	if !ok {
		return
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return
	}
	name := s.Names[0].Name
	if of, found := strings.CutSuffix(name, "__TYPE_IDENTIFIER"); found {
		m.byIdentifier[value] = of
		return
	}
	m.constants[name] = value
}

// constantName is a line of a field's comment that names a constant: "* Segment#Segment_ADMIN_STATE_UP".
var constantName = regexp.MustCompile(`(?m)^\s*\* \w+#(\w+)$`)

// valuesIn are the values that a field's comment lists.
func (m *model) valuesIn(comment string) []string {
	var values []string
	for _, match := range constantName.FindAllStringSubmatch(comment, -1) {
		if value, known := m.constants[match[1]]; known {
			values = append(values, value)
		}
	}
	return values
}

// find returns the Go name of a type by its name on the wire. Most types are called alike in both.
func (m *model) find(name string) (string, bool) {
	if of, named := m.byIdentifier[name]; named {
		return of, true
	}
	_, known := m.structs[name]
	return name, known
}

// bareName is a field's name with nothing but its letters: "_revision" in JSON is Revision in Go, "type" is Type_.
func bareName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// readBinding reads the assignments fields["name"] = <type> of a <Type>BindingType function.
func readBinding(d *ast.FuncDecl) (structure, error) {
	fields := structure{}
	for _, statement := range d.Body.List {
		assign, ok := statement.(*ast.AssignStmt)
		if !ok {
			continue
		}
		index, ok := assign.Lhs[0].(*ast.IndexExpr)
		if !ok {
			continue
		}
		if of, ok := index.X.(*ast.Ident); !ok || of.Name != "fields" {
			continue
		}
		name, err := strconv.Unquote(index.Index.(*ast.BasicLit).Value)
		if err != nil {
			return nil, fmt.Errorf("reading a field's name: %w", err)
		}
		f := field{required: true}
		if err := f.read(assign.Rhs[0]); err != nil {
			return nil, fmt.Errorf("reading field %s: %w", name, err)
		}
		fields[name] = f
	}
	return fields, nil
}

// read takes the kind from a call like NewOptionalType(NewListType(NewReferenceType(TagBindingType), ...)).
func (f *field) read(e ast.Expr) error {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return fmt.Errorf("expected a call, not %T", e)
	}
	constructor, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return fmt.Errorf("expected a constructor, not %T", call.Fun)
	}
	switch constructor.Sel.Name {
	case "NewOptionalType":
		f.required = false
		return f.read(call.Args[0])
	case "NewListType":
		f.list++
		return f.read(call.Args[0])
	case "NewStringType":
		f.scalar = "string"
	case "NewIntegerType":
		f.scalar = "integer"
	case "NewDoubleType":
		f.scalar = "number"
	case "NewBooleanType":
		f.scalar = "boolean"
	case "NewReferenceType":
		f.refers = strings.TrimSuffix(call.Args[0].(*ast.Ident).Name, "BindingType")
	case "NewDynamicStructType":
		list, ok := call.Args[0].(*ast.CompositeLit)
		if !ok {
			f.scalar = "object"
			return nil
		}
		f.several = true
		return f.read(list.Elts[0])
	default:
		return fmt.Errorf("unknown constructor %s", constructor.Sel.Name)
	}
	return nil
}
