package apiserver

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Archive writes the archive of an etcd folder, to be given to Options.EtcdData, that holds manifests (which may be nil) and a
// crowd of further pods in namespaces of their own, for worlds too large to be loaded by each test. It runs etcd alone,
// from the folder of programs ("" is $MP2P_KUBERNETES).
func Archive(ctx context.Context, programs, file string, manifests io.Reader, pods int) (err error) {
	programs, err = findPrograms(programs)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "etcd-")
	if err != nil {
		return fmt.Errorf("making a folder for etcd: %w", err)
	}
	s := &Server{dir: dir, temporary: true}
	defer func() { err = errors.Join(err, s.Stop()) }()
	ports, err := s.reserve(2)
	if err != nil {
		return err
	}
	if s.etcd, err = startEtcd(dir, programs, ports[0], ports[1]); err != nil {
		return err
	}
	if err := s.load(ctx, manifests, pods); err != nil {
		return err
	}
	return s.Save(file)
}

// Save stops the server and writes the archive of its etcd folder, for Options.EtcdData.
func (s *Server) Save(file string) error {
	if s.etcd == nil {
		return errors.New("saving etcd: the server is stopped already")
	}
	if err := s.stopAll(); err != nil {
		return err
	}
	if err := pack(file, filepath.Join(s.dir, "etcd")); err != nil {
		return fmt.Errorf("saving etcd in %s: %w", file, err)
	}
	return s.Stop()
}

// stopAll ends the processes. Etcd is asked to, so that its file holds everything; the others have nothing to lose.
func (s *Server) stopAll() error {
	var errs []error
	for _, p := range []*process{s.controllers, s.api} {
		if p != nil {
			errs = append(errs, p.end(syscall.SIGKILL))
		}
	}
	if s.etcd != nil {
		s.etcd.client.CloseIdleConnections()
		errs = append(errs, s.etcd.end(syscall.SIGTERM))
	}
	s.controllers, s.api, s.etcd = nil, nil, nil
	return errors.Join(errs...)
}

// pack writes a folder into a compressed archive, which is there as a whole or not at all.
func pack(file, folder string) (err error) {
	to, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(to.Name()))
		}
	}()
	defer func() { _ = to.Close() }() // what counts is the one below
	compressed, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	err = archive.AddFS(os.DirFS(folder))
	if err = errors.Join(err, archive.Close(), compressed.Close(), to.Close()); err != nil {
		return err
	}
	return os.Rename(to.Name(), file)
}

// unpack writes what pack packed into a new folder.
func unpack(file, folder string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("unpacking %s: %w", file, err)
		}
	}()
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // only read
	compressed, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // holds no data
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch header.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(filepath.Clean(header.Name), 0o700)
		case tar.TypeReg:
			err = unpackFile(root, header.Name, archive)
		default:
			err = fmt.Errorf("%s is neither a file nor a folder", header.Name)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	to, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
