// The _socket module.
#include "vm/modules/socket/socket.h"
#include "vm/types/dict.h"
#include "vm/types/tuple.h"

namespace pt {

extern const NativeModule socket_module;
const NativeModule socket_module = {
    "_socket", "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    sockets::kNameFunctions, [](Module* module) {
      Dict* dict = module_dict(module);
      return module_add_type(module, &sockets::socket_type, &sockets::socket_spec) &&
             dict_set_text(dict, "SocketType", Value::object(&sockets::socket_type)) &&
             dict_set_text(dict, "error", Value::object(exc::OSError)) &&
             dict_set_text(dict, "timeout", Value::object(exc::TimeoutError)) && dict_set_text(dict, "has_ipv6", boolean(true)) &&
             sockets::add_error_classes(module) && module_add_ints(module, sockets::kConstants) &&
             sockets::add_message_functions(module);
    }};

}  // namespace pt
