package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"
)

// LogFile is the name of the log in the log folder.
const LogFile = "migrate-mp2p.log"

// NewLogger opens the log of a folder, creating both where needed (0700, 0600), and appends JSON lines to it
// from the given level on (error, warn, info, debug, trace). Nothing goes to standard output. A log that can no
// longer be written, because its disk is full, does not disturb the run; closing it tells how much was lost.
func NewLogger(level, dir string, redact *Redactor) (*logrus.Logger, io.Closer, error) {
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		return nil, nil, fmt.Errorf("log.level %q is none of error, warn, info, debug, trace", level)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("creating log.directory %s: %w", dir, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, LogFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the log: %w", err)
	}
	logger := logrus.New()
	logger.SetLevel(parsed)
	log := &logFile{file: file}
	logger.SetOutput(log)
	logger.SetFormatter(redacting{
		format: &logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano},
		redact: redact,
	})
	return logger, log, nil
}

// redacting masks secrets in finished lines, so that it does not matter in which field they came.
type redacting struct {
	format logrus.Formatter
	redact *Redactor
}

func (r redacting) Format(entry *logrus.Entry) ([]byte, error) {
	line, err := r.format.Format(entry)
	if err != nil {
		return nil, err
	}
	return []byte(r.redact.Clean(string(line))), nil
}

// logFile counts what it cannot write instead of failing, since logrus would complain on stderr with every
// line. Logrus writes one line at a time.
type logFile struct {
	file *os.File
	lost int
	why  error
}

func (l *logFile) Write(p []byte) (int, error) {
	if _, err := l.file.Write(p); err != nil {
		l.lost++
		l.why = err
	}
	return len(p), nil
}

func (l *logFile) Close() error {
	err := l.file.Close()
	if l.lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d lines of the log are lost: %w", l.lost, l.why))
	}
	return err
}
