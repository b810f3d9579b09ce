from rag.library import (
    ArticleInfo as ArticleInfo,
)
from rag.library import (
    Articles as Articles,
)
from rag.library import (
    BuildReport as BuildReport,
)
from rag.library import (
    Candidate as Candidate,
)
from rag.library import (
    Citation as Citation,
)
from rag.library import (
    Document as Document,
)
from rag.library import (
    Hit as Hit,
)
from rag.library import (
    IndexBusy as IndexBusy,
)
from rag.library import (
    IndexUnusable as IndexUnusable,
)
from rag.library import (
    InputError as InputError,
)
from rag.library import (
    ModelError as ModelError,
)
from rag.library import (
    RagError as RagError,
)
from rag.library import (
    Reader as Reader,
)
from rag.library import (
    Reading as Reading,
)
from rag.library import (
    Reply as Reply,
)
from rag.library import (
    SeedError as SeedError,
)
from rag.library import (
    Settings as Settings,
)
from rag.library import (
    SettingsError as SettingsError,
)
from rag.library import (
    Turn as Turn,
)
from rag.library import (
    Verdict as Verdict,
)
from rag.library import (
    abuild_index as abuild_index,
)
from rag.library import (
    build_index as build_index,
)
from rag.library import (
    to_json as to_json,
)
from rag.library import (
    to_object as to_object,
)
from rag.library import (
    verify_answers as verify_answers,
)

__all__: list[str]
