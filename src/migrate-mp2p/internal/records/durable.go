package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// DurableWrite makes path hold exactly data, or leaves it as it was: after a crash at any moment a reader sees
// the old content or the new, never a part. The file gets mode 0600.
func DurableWrite(path string, data []byte) error {
	return DurableStream(path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// DurableStream is DurableWrite for content that is too large to be held in memory.
func DurableStream(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return noSpace(dir, fmt.Errorf("writing %s: %w", path, err))
	}
	if err := fill(temp, path, write); err != nil {
		return noSpace(dir, fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(temp.Name()))))
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// fill writes temp, closes it and gives it its final name.
func fill(temp *os.File, path string, write func(io.Writer) error) error {
	counted := &countingWriter{w: temp}
	err := write(counted)
	if err == nil {
		err = checkLength(temp, counted.n)
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

func checkLength(file *os.File, want int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != want {
		return fmt.Errorf("%d bytes were written but the file has %d", want, info.Size())
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
