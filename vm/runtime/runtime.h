#pragma once
// Life cycle of the runtime and of its threads.
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/object/error.h"
#include "vm/object/thread.h"

namespace pt {

struct Module;
namespace syntax {
struct SymbolTable;
struct SyntaxErrorInfo;
struct SyntaxWarningInfo;
template <class T>
struct Seq;
}  // namespace syntax

// Brings the object model up on the calling thread, which becomes the main thread: types, exceptions, builtins. The
// import system and sys are started by start_runtime(). Aborts with a message on failure.
void start_core();
// The builtins module; made by start_core().
Module* builtins_module();

// Compiles and reports: the full interface behind compile_source.
struct CompileRequest {
  std::string_view source;
  Str* filename;
  const char* mode = "exec";
  int optimize = -1;
  bool is_str = true;          // UTF-8 text of a str; else bytes with encoding declaration
  bool is_script = false;      // the main script: ill-formed UTF-8 is an error even in a comment
  bool allow_incomplete = false;
  bool dont_imply_dedent = false;
  uint32_t future_flags = 0;   // co_flags of the enclosing code to inherit
  bool top_level_await = false;
  bool only_tree = false;      // an object of the ast module instead of code
  bool type_comments = false;
  int feature_version = -1;    // minor version of the grammar, or -1
};
Ref<> compile_text(const CompileRequest& request);
// What `convert` makes of the symbol table of the source. SyntaxError.
Ref<> symbol_table(const CompileRequest& request, Ref<> (*convert)(const syntax::SymbolTable*));
// The name of a source file from what compile() takes as one: str, bytes, os.PathLike, or with a warning any buffer.
Ref<Str> source_filename(Value given);
// The SyntaxError (or what else the kind says) that the parser found; `request` gives file and source.
Raised raise_syntax_error(const syntax::SyntaxErrorInfo& error, const CompileRequest& request);
// Issues what the parser warns of; false where a filter makes that an error. Runs Python code.
bool issue_warnings(const syntax::Seq<syntax::SyntaxWarningInfo>& warnings, const CompileRequest& request);
// Code from an object of the ast module; `source` is not read.
Ref<> compile_tree(Value tree, const CompileRequest& request);

}  // namespace pt
