package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"
)

// maxFile bounds both files; a larger one is a mistake.
const maxFile = 4 << 20

// The platforms that NCP serves.
const (
	PlatformTAS        = "tas"
	PlatformTKGI       = "tkgi"
	PlatformKubernetes = "kubernetes"
)

// Default is what holds where config.json says nothing.
func Default() *Config {
	return &Config{
		NSX: NSX{
			SharedPrincipalIdentity: "admin",
			RequestsPerSecond:       40,
			Concurrency:             8,
			Timeouts: Timeouts{
				Connect:     Duration(10 * time.Second),
				Request:     Duration(180 * time.Second),
				Coordinator: Duration(10 * time.Minute),
				Batch:       Duration(100 * time.Minute),
				Finish:      Duration(30 * time.Minute),
				Index:       Duration(5 * time.Minute),
			},
			Lease:          true,
			AllowOverwrite: true,
		},
		Migration:  Migration{Command: CommandRun, Resources: "all", PolicyIDs: "uuid"},
		Kubernetes: Kubernetes{Timeout: Duration(30 * time.Second)},
		Records:    Records{Directory: "/var/vcap/store/migrate-mp2p", RequireMount: true},
		Log:        Log{Level: "info", Directory: "/var/vcap/sys/log/migrate-mp2p"},
		Instance:   Instance{Bootstrap: true}, // outside BOSH there is no other instance
	}
}

// Load reads config.json, fills in the defaults and checks it for the command that it names itself. Its error is an
// *Error with everything that is wrong.
func Load(path string) (*Config, error) { return LoadFor(path, "", false) }

// LoadFor is Load for another command than the file's, unless command is empty. writeUserSpec has that command infer a user
// spec; what the file says of that belongs to the file's own command.
func LoadFor(path, command string, writeUserSpec bool) (*Config, error) {
	p := &problems{path: path}
	c := Default()
	data, err := readBounded(path)
	if err != nil {
		p.add("", "%v", err)
		return nil, p.err()
	}
	if !parse(data, c, p) {
		return nil, p.err()
	}
	if c.Migration.WriteUserSpec && c.Migration.Command != CommandPlan {
		p.add("migration.write_user_spec", "is true, and migration.command is %s: only plan infers a user spec; set one of them", c.Migration.Command)
	}
	if command != "" {
		c.Migration.Command = command
	}
	c.Migration.WriteUserSpec = writeUserSpec || c.Migration.WriteUserSpec && c.Migration.Command == CommandPlan
	c.readPassword(p)
	c.check(p)
	if err := p.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// readBounded reads a file of at most maxFile bytes. Its errors do not name the path, which the caller does.
func readBounded(path string) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer func() { err = errors.Join(err, bare(f.Close())) }()
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file is larger than %d MiB", maxFile>>20)
	}
	return data, nil
}

// bare takes the path off an error of package os.
func bare(err error) error {
	var withPath *os.PathError
	if errors.As(err, &withPath) {
		return withPath.Err
	}
	return err
}

// parse fills c from JSON; it reports whether the text was JSON at all, so that checking its values makes sense.
func parse(data []byte, c *Config, p *problems) bool {
	if len(bytes.TrimSpace(data)) == 0 {
		p.add("", "the file is empty")
		return false
	}
	if !json.Valid(data) {
		p.add("", "%s", whyInvalid(data))
		return false
	}
	fill(data, reflect.ValueOf(c).Elem(), "", p)
	return true
}

// whyInvalid finds the line at which a text stops being JSON. It never quotes the text, which holds secrets.
func whyInvalid(data []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var document json.RawMessage
	if decoder.Decode(&document) == nil {
		line := 1 + bytes.Count(data[:decoder.InputOffset()], []byte("\n"))
		return fmt.Sprintf("not JSON: something follows the document's end in line %d", line)
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, &document); errors.As(err, &syntax) {
		end := min(int(syntax.Offset), len(data))
		return fmt.Sprintf("not JSON: the error is in line %d", 1+bytes.Count(data[:end], []byte("\n")))
	}
	return "not JSON"
}

// fill decodes one JSON value into v, which lies under the key path, and goes on after every problem. null leaves v as
// it is, since the template renders null for a property without value.
func fill(raw json.RawMessage, v reflect.Value, path string, p *problems) {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return
	}
	_, decodesItself := v.Addr().Interface().(json.Unmarshaler)
	switch {
	case decodesItself:
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			p.add(path, "%v", err)
		}
	case v.Kind() == reflect.Struct:
		fillStruct(raw, v, path, p)
	case v.Kind() == reflect.Map:
		fillMap(raw, v, path, p)
	case v.Kind() == reflect.Slice:
		fillSlice(raw, v, path, p)
	default:
		if json.Unmarshal(raw, v.Addr().Interface()) != nil {
			p.add(path, "%s: write %s", found(raw), wanted(v.Kind()))
		}
	}
}

func fillStruct(raw json.RawMessage, v reflect.Value, path string, p *problems) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		p.add(path, "%s: write an object", found(raw))
		return
	}
	fields := map[string]int{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("json")] = i
	}
	for _, key := range sortedKeys(members) {
		if i, known := fields[key]; known {
			fill(members[key], v.Field(i), join(path, key), p)
		} else {
			p.add(join(path, key), "unknown key: known here are %s", strings.Join(sortedKeys(fields), ", "))
		}
	}
}

func fillMap(raw json.RawMessage, v reflect.Value, path string, p *problems) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		p.add(path, "%s: write an object", found(raw))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, key := range sortedKeys(members) {
		value := reflect.New(v.Type().Elem()).Elem()
		fill(members[key], value, join(path, key), p)
		v.SetMapIndex(reflect.ValueOf(key), value)
	}
}

func fillSlice(raw json.RawMessage, v reflect.Value, path string, p *problems) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		p.add(path, "%s: write a list", found(raw))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		fill(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), p)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// found names the type of a JSON value; the value itself may be secret.
func found(raw json.RawMessage) string {
	switch bytes.TrimSpace(raw)[0] {
	case '{':
		return "is an object"
	case '[':
		return "is a list"
	case '"':
		return "is a text"
	case 't', 'f':
		return "is true or false"
	default:
		return "is a number that does not fit here"
	}
}

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text in quotes"
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}
