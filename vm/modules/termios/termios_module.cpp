// The termios module.
#include <cerrno>
#include <cstring>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit Value g_error;  // immortal class

// termios.error carries (errno, text) but is no OSError.
Raised raise_error() {
  if (error_pending()) return {};
  int code = errno;
  char buffer[200];
  Ref<Str> text = fs_decode(strerror_r(code, buffer, sizeof buffer));
  Ref<Tuple> args = text ? tuple_of({Value::small_int(code), text.value()}) : Ref<Tuple>();
  Ref<> error = args ? call_tuple_dict(g_error, args.value(), Value()) : Ref<>();
  return error ? raise_object(error.value()) : Raised{};
}
Ref<> done(int result) { return result < 0 ? Ref<>(raise_error()) : none_ref(); }

Ref<> termios_tcgetattr(const Value* a) {
  int fd;
  termios mode;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  if (tcgetattr(fd, &mode) < 0) return raise_error();
  Ref<List> characters = list_new(NCCS);
  for (int i = 0; characters && i < NCCS; ++i) {
    // Outside canonical mode two of them are numbers.
    bool number = !(mode.c_lflag & ICANON) && (i == VMIN || i == VTIME);
    char c = static_cast<char>(mode.c_cc[i]);
    Ref<> item = number ? int_from_int64(mode.c_cc[i]) : Ref<>(bytes_from({&c, 1}));
    if (!item || !list_append(characters.get(), std::move(item))) return Ref<>();
  }
  if (!characters) return Ref<>();
  const Value values[] = {Value::small_int(mode.c_iflag),
                          Value::small_int(mode.c_oflag),
                          Value::small_int(mode.c_cflag),
                          Value::small_int(mode.c_lflag),
                          Value::small_int(cfgetispeed(&mode)),
                          Value::small_int(cfgetospeed(&mode)),
                          characters.value()};
  return list_from(values, 7);
}
Ref<> termios_tcsetattr(const Value* a) {
  int fd, when;
  if (!to_descriptor(a[0], &fd) || !to_cint(a[1], &when)) return Ref<>();
  if (!is_list(a[2]) || list_size(as_list(a[2])) != 7) return raise(exc::TypeError, "tcsetattr, arg 3: must be 7 element list");
  termios mode;
  if (tcgetattr(fd, &mode) < 0) return raise_error();
  uint64_t flags[6];
  Ref<> items[7];
  for (int i = 0; i < 7; ++i) {
    items[i] = list_get(as_list(a[2]), i);
    if (!items[i]) return raise(exc::TypeError, "tcsetattr, arg 3: must be 7 element list");
    int64_t number;
    if (i < 6) {
      if (!to_int64(items[i].value(), &number)) return Ref<>();
      flags[i] = static_cast<uint64_t>(number);
    }
  }
  mode.c_iflag = static_cast<tcflag_t>(flags[0]);
  mode.c_oflag = static_cast<tcflag_t>(flags[1]);
  mode.c_cflag = static_cast<tcflag_t>(flags[2]);
  mode.c_lflag = static_cast<tcflag_t>(flags[3]);
  Value characters = items[6].value();
  if (!is_list(characters) || list_size(as_list(characters)) != NCCS) {
    return raise(exc::TypeError, "tcsetattr: attributes[6] must be %d element list", NCCS);
  }
  for (int i = 0; i < NCCS; ++i) {
    Ref<> item = list_get(as_list(characters), i);
    int number;
    if (item && is_bytes(item.value()) && as_bytes(item.value())->length == 1) {
      mode.c_cc[i] = as_bytes(item.value())->data[0];
    } else if (item && is_int(item.value())) {
      if (!to_cint(item.value(), &number)) return Ref<>();
      mode.c_cc[i] = static_cast<cc_t>(number);
    } else {
      return raise(exc::TypeError, "tcsetattr: elements of attributes must be characters or integers");
    }
  }
  if (cfsetispeed(&mode, static_cast<speed_t>(flags[4])) < 0 || cfsetospeed(&mode, static_cast<speed_t>(flags[5])) < 0)
    return raise_error();
  return done(blocking([&] { return tcsetattr(fd, when, &mode); }));
}
template <int (*Function)(int, int)>
Ref<> with_number(const Value* a) {
  int fd, number;
  if (!to_descriptor(a[0], &fd) || !to_cint(a[1], &number)) return Ref<>();
  return done(blocking([&] { return Function(fd, number); }));
}
Ref<> termios_tcdrain(const Value* a) {
  int fd;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  return done(blocking([&] { return tcdrain(fd); }));
}
Ref<> termios_tcgetwinsize(const Value* a) {
  int fd;
  winsize size;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return raise_error();
  return tuple_of({Value::small_int(size.ws_row), Value::small_int(size.ws_col)});
}
Ref<> termios_tcsetwinsize(const Value* a) {
  int fd;
  if (!to_descriptor(a[0], &fd)) return Ref<>();
  Ref<Tuple> pair = tuple_from_iterable(a[1]);
  if (!pair || pair->length != 2) {
    clear_error();
    return raise(exc::TypeError, "tcsetwinsize, arg 2: must be a two-item sequence");
  }
  int rows, columns;
  if (!to_cint(pair->at(0), &rows) || !to_cint(pair->at(1), &columns)) return Ref<>();
  if (rows < 0 || rows > 65535 || columns < 0 || columns > 65535)
    return raise(exc::OverflowError, "winsize value(s) out of range.");
  winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return raise_error();
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  return done(ioctl(fd, TIOCSWINSZ, &size));
}

const NativeDef kFunctions[] = {
    {"tcgetattr", "(fd, /)", termios_tcgetattr, "Get the tty attributes for file descriptor fd."},
    {"tcsetattr", "(fd, when, attributes, /)", termios_tcsetattr, "Set the tty attributes for file descriptor fd."},
    {"tcsendbreak", "(fd, duration, /)", with_number<tcsendbreak>, "Send a break on file descriptor fd."},
    {"tcdrain", "(fd, /)", termios_tcdrain, "Wait until all output written to file descriptor fd has been transmitted."},
    {"tcflush", "(fd, queue, /)", with_number<tcflush>, "Discard queued data on file descriptor fd."},
    {"tcflow", "(fd, action, /)", with_number<tcflow>, "Suspend or resume input or output on file descriptor fd."},
    {"tcgetwinsize", "(fd, /)", termios_tcgetwinsize, "Get the tty winsize for file descriptor fd."},
    {"tcsetwinsize", "(fd, winsize, /)", termios_tcsetwinsize, "Set the tty winsize for file descriptor fd."},
    {}};
#define C(name) {#name, static_cast<int64_t>(name)}
const IntConstant kConstants[] = {C(B0),
                                  C(B1000000),
                                  C(B110),
                                  C(B115200),
                                  C(B1152000),
                                  C(B1200),
                                  C(B134),
                                  C(B150),
                                  C(B1500000),
                                  C(B1800),
                                  C(B19200),
                                  C(B200),
                                  C(B2000000),
                                  C(B230400),
                                  C(B2400),
                                  C(B2500000),
                                  C(B300),
                                  C(B3000000),
                                  C(B3500000),
                                  C(B38400),
                                  C(B4000000),
                                  C(B460800),
                                  C(B4800),
                                  C(B50),
                                  C(B500000),
                                  C(B57600),
                                  C(B576000),
                                  C(B600),
                                  C(B75),
                                  C(B921600),
                                  C(B9600),
                                  C(BRKINT),
                                  C(BS0),
                                  C(BS1),
                                  C(BSDLY),
                                  C(CBAUD),
                                  C(CBAUDEX),
                                  C(CDSUSP),
                                  C(CEOF),
                                  C(CEOL),
                                  C(CEOT),
                                  C(CERASE),
                                  C(CFLUSH),
                                  C(CIBAUD),
                                  C(CINTR),
                                  C(CKILL),
                                  C(CLNEXT),
                                  C(CLOCAL),
                                  C(CQUIT),
                                  C(CR0),
                                  C(CR1),
                                  C(CR2),
                                  C(CR3),
                                  C(CRDLY),
                                  C(CREAD),
                                  C(CRPRNT),
                                  C(CRTSCTS),
                                  C(CS5),
                                  C(CS6),
                                  C(CS7),
                                  C(CS8),
                                  C(CSIZE),
                                  C(CSTART),
                                  C(CSTOP),
                                  C(CSTOPB),
                                  C(CSUSP),
                                  C(CWERASE),
                                  C(ECHO),
                                  C(ECHOCTL),
                                  C(ECHOE),
                                  C(ECHOK),
                                  C(ECHOKE),
                                  C(ECHONL),
                                  C(ECHOPRT),
                                  C(EXTA),
                                  C(EXTB),
                                  C(FF0),
                                  C(FF1),
                                  C(FFDLY),
                                  C(FIOASYNC),
                                  C(FIOCLEX),
                                  C(FIONBIO),
                                  C(FIONCLEX),
                                  C(FIONREAD),
                                  C(FLUSHO),
                                  C(HUPCL),
                                  C(ICANON),
                                  C(ICRNL),
                                  C(IEXTEN),
                                  C(IGNBRK),
                                  C(IGNCR),
                                  C(IGNPAR),
                                  C(IMAXBEL),
                                  C(INLCR),
                                  C(INPCK),
                                  C(IOCSIZE_MASK),
                                  C(IOCSIZE_SHIFT),
                                  C(ISIG),
                                  C(ISTRIP),
                                  C(IUCLC),
                                  C(IXANY),
                                  C(IXOFF),
                                  C(IXON),
                                  C(NCC),
                                  C(NCCS),
                                  C(NL0),
                                  C(NL1),
                                  C(NLDLY),
                                  C(NOFLSH),
                                  C(N_MOUSE),
                                  C(N_PPP),
                                  C(N_SLIP),
                                  C(N_STRIP),
                                  C(N_TTY),
                                  C(OCRNL),
                                  C(OFDEL),
                                  C(OFILL),
                                  C(OLCUC),
                                  C(ONLCR),
                                  C(ONLRET),
                                  C(ONOCR),
                                  C(OPOST),
                                  C(PARENB),
                                  C(PARMRK),
                                  C(PARODD),
                                  C(PENDIN),
                                  C(TAB0),
                                  C(TAB1),
                                  C(TAB2),
                                  C(TAB3),
                                  C(TABDLY),
                                  C(TCFLSH),
                                  C(TCGETA),
                                  C(TCGETS),
                                  C(TCIFLUSH),
                                  C(TCIOFF),
                                  C(TCIOFLUSH),
                                  C(TCION),
                                  C(TCOFLUSH),
                                  C(TCOOFF),
                                  C(TCOON),
                                  C(TCSADRAIN),
                                  C(TCSAFLUSH),
                                  C(TCSANOW),
                                  C(TCSBRK),
                                  C(TCSBRKP),
                                  C(TCSETA),
                                  C(TCSETAF),
                                  C(TCSETAW),
                                  C(TCSETS),
                                  C(TCSETSF),
                                  C(TCSETSW),
                                  C(TCXONC),
                                  C(TIOCCONS),
                                  C(TIOCEXCL),
                                  C(TIOCGETD),
                                  C(TIOCGICOUNT),
                                  C(TIOCGLCKTRMIOS),
                                  C(TIOCGPGRP),
                                  C(TIOCGSERIAL),
                                  C(TIOCGSOFTCAR),
                                  C(TIOCGWINSZ),
                                  C(TIOCINQ),
                                  C(TIOCLINUX),
                                  C(TIOCMBIC),
                                  C(TIOCMBIS),
                                  C(TIOCMGET),
                                  C(TIOCMIWAIT),
                                  C(TIOCMSET),
                                  C(TIOCM_CAR),
                                  C(TIOCM_CD),
                                  C(TIOCM_CTS),
                                  C(TIOCM_DSR),
                                  C(TIOCM_DTR),
                                  C(TIOCM_LE),
                                  C(TIOCM_RI),
                                  C(TIOCM_RNG),
                                  C(TIOCM_RTS),
                                  C(TIOCM_SR),
                                  C(TIOCM_ST),
                                  C(TIOCNOTTY),
                                  C(TIOCNXCL),
                                  C(TIOCOUTQ),
                                  C(TIOCPKT),
                                  C(TIOCPKT_DATA),
                                  C(TIOCPKT_DOSTOP),
                                  C(TIOCPKT_FLUSHREAD),
                                  C(TIOCPKT_FLUSHWRITE),
                                  C(TIOCPKT_NOSTOP),
                                  C(TIOCPKT_START),
                                  C(TIOCPKT_STOP),
                                  C(TIOCSCTTY),
                                  C(TIOCSERCONFIG),
                                  C(TIOCSERGETLSR),
                                  C(TIOCSERGETMULTI),
                                  C(TIOCSERGSTRUCT),
                                  C(TIOCSERGWILD),
                                  C(TIOCSERSETMULTI),
                                  C(TIOCSERSWILD),
                                  C(TIOCSER_TEMT),
                                  C(TIOCSETD),
                                  C(TIOCSLCKTRMIOS),
                                  C(TIOCSPGRP),
                                  C(TIOCSSERIAL),
                                  C(TIOCSSOFTCAR),
                                  C(TIOCSTI),
                                  C(TIOCSWINSZ),
                                  C(TOSTOP),
                                  C(VDISCARD),
                                  C(VEOF),
                                  C(VEOL),
                                  C(VEOL2),
                                  C(VERASE),
                                  C(VINTR),
                                  C(VKILL),
                                  C(VLNEXT),
                                  C(VMIN),
                                  C(VQUIT),
                                  C(VREPRINT),
                                  C(VSTART),
                                  C(VSTOP),
                                  C(VSUSP),
                                  C(VSWTC),
                                  {"VSWTCH", 7},
                                  C(VT0),
                                  C(VT1),
                                  C(VTDLY),
                                  C(VTIME),
                                  C(VWERASE),
                                  C(XCASE),
                                  C(XTABS),
                                  {}};
#undef C

}  // namespace
extern const NativeModule termios_module;
const NativeModule termios_module = {
    "termios", "This module provides an interface to the Posix calls for tty I/O control.", kFunctions, [](Module* module) {
      if (g_error.empty()) {
        Ref<> made = make_exception_class("termios.error", Value::object(exc::Exception));
        if (!made) return false;
        make_immortal(made.value().as_object());
        g_error = made.take();
      }
      return dict_set_text(module_dict(module), "error", g_error) && module_add_ints(module, kConstants);
    }};
}  // namespace pt
