package apiserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// reusePort is SO_REUSEPORT, which package syscall lacks on amd64.
const reusePort = 0xf

// port is a port on loopback that is bound but not listened on: the kernel gives it to nobody else, and a program that
// listens with SO_REUSEPORT shares it.
type port struct {
	number int
	socket int
}

func reservePort() (p port, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("reserving a port: %w", err)
		}
	}()
	p.socket, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return port{}, err
	}
	err = errors.Join(
		syscall.SetsockoptInt(p.socket, syscall.SOL_SOCKET, reusePort, 1),
		syscall.Bind(p.socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
	)
	if err != nil {
		return port{}, errors.Join(err, p.free())
	}
	name, err := syscall.Getsockname(p.socket)
	if err != nil {
		return port{}, errors.Join(err, p.free())
	}
	at, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return port{}, errors.Join(errors.New("its address is none of IPv4"), p.free())
	}
	p.number = at.Port
	return p, nil
}

// free gives the port back.
func (p port) free() error { return syscall.Close(p.socket) }

func (p port) url(scheme string) string {
	return scheme + "://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number))
}
